-- What goes out on a channel without a gap is one row: a push of five hundred visits takes two and not two thousand.
-- The column has another name now, so that a program of before, which takes a row for one number, stops here instead of
-- passing over what it does not see.
ALTER TABLE feed RENAME COLUMN seq TO last_seq;
-- NULL in rows of before: the last is the only one.
ALTER TABLE feed ADD COLUMN first_seq BIGINT;
