-- After a restore nobody knows which numbers were given out since the backup: 1 = none is given until somebody
-- confirms the last ones, 2 = confirmed, those that wait are given at the next start.
ALTER TABLE tenant ADD COLUMN numbers_held BIGINT NOT NULL DEFAULT 0;
-- The township's duty room, offered on the phone when a red hazard has not arrived.
ALTER TABLE tenant ADD COLUMN duty_phone TEXT COLLATE "C";
-- Which tables these are; other ones after a restore (SQLite's restore needs no such mark: one program does all of it).
ALTER TABLE tenant ADD COLUMN home TEXT COLLATE "C";
