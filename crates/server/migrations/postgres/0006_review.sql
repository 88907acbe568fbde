-- The same tables as for SQLite (../0006_review.sql), in PostgreSQL's words.
-- What waits in quarantine says why and of what kind; what nobody wants keeps its mark, so that it does not come again.
ALTER TABLE quarantine ADD COLUMN why TEXT COLLATE "C";
ALTER TABLE quarantine ADD COLUMN type TEXT COLLATE "C";
ALTER TABLE quarantine ADD COLUMN entity BYTEA;
ALTER TABLE quarantine ADD COLUMN decided_by TEXT COLLATE "C";
ALTER TABLE quarantine ADD COLUMN decided_at BIGINT;

-- Roles that were taken away: what their holder wrote while he had them is judged with them when somebody lets it in.
CREATE TABLE past_assignments (
    tenant BIGINT NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    ended_at BIGINT NOT NULL,
    ord BIGINT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    area TEXT COLLATE "C",
    unit TEXT COLLATE "C",
    valid_from TEXT COLLATE "C",
    valid_to TEXT COLLATE "C",
    PRIMARY KEY (tenant, account, ended_at, ord)
);
