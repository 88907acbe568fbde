-- After a restore nobody knows which numbers were given out since the backup: 1 = none is given until somebody
-- confirms the last ones, 2 = confirmed, those that wait are given at the next start.
ALTER TABLE tenant ADD COLUMN numbers_held INTEGER NOT NULL DEFAULT 0;
-- The township's duty room, offered on the phone when a red hazard has not arrived.
ALTER TABLE tenant ADD COLUMN duty_phone TEXT;
