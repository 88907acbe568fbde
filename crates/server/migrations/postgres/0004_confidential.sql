-- The same tables as for SQLite (../0004_confidential.sql), in PostgreSQL's words.
-- Who looked at which confidential report, and when (ROLE-11, ROLE-13). Rows are only ever added.
CREATE TABLE confidential_views (
    tenant BIGINT NOT NULL,
    entity BYTEA NOT NULL,
    seen_at BIGINT NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, entity, seen_at, account)
);

-- They are few, and found without reading everything else.
CREATE INDEX entities_confidential ON entities (tenant, first_seq) WHERE type = 'confidential';
