-- What waits in quarantine says why and of what kind; what nobody wants keeps its mark, so that it does not come again.
ALTER TABLE quarantine ADD COLUMN why TEXT;
ALTER TABLE quarantine ADD COLUMN type TEXT;
ALTER TABLE quarantine ADD COLUMN entity BLOB;
ALTER TABLE quarantine ADD COLUMN decided_by TEXT;
ALTER TABLE quarantine ADD COLUMN decided_at BIGINT;

-- Roles that were taken away: what their holder wrote while he had them is judged with them when somebody lets it in.
CREATE TABLE past_assignments (
    tenant INTEGER NOT NULL,
    account TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    ord INTEGER NOT NULL,
    role TEXT NOT NULL,
    area TEXT,
    unit TEXT,
    valid_from TEXT,
    valid_to TEXT,
    PRIMARY KEY (tenant, account, ended_at, ord)
) WITHOUT ROWID;
