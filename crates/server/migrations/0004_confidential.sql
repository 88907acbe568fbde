-- Who looked at which confidential report, and when (ROLE-11, ROLE-13). Rows are only ever added.
CREATE TABLE confidential_views (
    tenant INTEGER NOT NULL,
    entity BLOB NOT NULL,
    seen_at BIGINT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (tenant, entity, seen_at, account)
) WITHOUT ROWID;

-- They are few, and found without reading everything else.
CREATE INDEX entities_confidential ON entities (tenant, first_seq) WHERE type = 'confidential';
