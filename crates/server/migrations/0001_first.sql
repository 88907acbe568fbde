-- Every primary key is led by the tenant, so that the tables partition on a distributed database.

CREATE TABLE tenant (
    tenant INTEGER NOT NULL PRIMARY KEY,
    history TEXT NOT NULL,            -- changes when the history was replaced by a backup
    authority TEXT NOT NULL,          -- device whose receipts, rejections and numbers count
    epoch INTEGER NOT NULL,           -- its life; raised with the history
    name TEXT NOT NULL,
    township TEXT NOT NULL,           -- area code
    number_code TEXT NOT NULL,        -- short name printed in official numbers
    demo INTEGER NOT NULL,
    last_seq BIGINT NOT NULL,         -- the gapless sequence
    created_at BIGINT NOT NULL
);

-- The log. A refused operation keeps its line and hash and loses its body.
CREATE TABLE ops (
    tenant INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    entity BLOB NOT NULL,
    dev BLOB NOT NULL,
    epoch BIGINT NOT NULL,
    n BIGINT NOT NULL,
    kind TEXT NOT NULL,
    author TEXT NOT NULL,
    line TEXT NOT NULL,
    salt TEXT,
    body TEXT,
    body_hash TEXT,
    sig TEXT,
    hash BLOB NOT NULL,
    area TEXT,                        -- where the entity lay after this operation
    received_at BIGINT NOT NULL,
    verdict TEXT,
    PRIMARY KEY (tenant, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX ops_id ON ops (tenant, entity, dev, epoch, n);

-- Which channels an operation went out on: a:<area>, u:<unit>, p:<account>, * for everyone.
CREATE TABLE feed (
    tenant INTEGER NOT NULL,
    channel TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, channel, seq)
) WITHOUT ROWID;

CREATE TABLE entities (
    tenant INTEGER NOT NULL,
    entity BLOB NOT NULL,
    type TEXT NOT NULL,
    creator TEXT NOT NULL,
    area TEXT,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, entity)
) WITHOUT ROWID;

-- On which channels an entity lay, from which sequence number to which.
CREATE TABLE placed (
    tenant INTEGER NOT NULL,
    entity BLOB NOT NULL,
    channel TEXT NOT NULL,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT,
    PRIMARY KEY (tenant, entity, channel, from_seq)
) WITHOUT ROWID;
CREATE INDEX placed_channel ON placed (tenant, channel, entity);

-- Placement changes after creation: what a reader's window must look at closely.
CREATE TABLE moves (
    tenant INTEGER NOT NULL,
    channel TEXT NOT NULL,
    seq BIGINT NOT NULL,
    entity BLOB NOT NULL,
    PRIMARY KEY (tenant, channel, seq)
) WITHOUT ROWID;

-- Areas that hold anything: a reader's prefixes are expanded into these.
CREATE TABLE areas (
    tenant INTEGER NOT NULL,
    area TEXT NOT NULL,
    PRIMARY KEY (tenant, area)
) WITHOUT ROWID;

-- What an account may read, as patterns of channels; a: patterns are prefixes.
CREATE TABLE rights (
    tenant INTEGER NOT NULL,
    account TEXT NOT NULL,
    pattern TEXT NOT NULL,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT,
    PRIMARY KEY (tenant, account, pattern, from_seq)
) WITHOUT ROWID;

CREATE TABLE blobs (
    tenant INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    mime TEXT NOT NULL,
    account TEXT NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, sha256)
) WITHOUT ROWID;

-- Which operations' streams name a blob, and who wrote them.
CREATE TABLE blob_refs (
    tenant INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    entity BLOB NOT NULL,
    account TEXT NOT NULL,
    mime TEXT NOT NULL,
    PRIMARY KEY (tenant, sha256, entity, account)
) WITHOUT ROWID;

CREATE TABLE accounts (
    tenant INTEGER NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT,
    password TEXT,                    -- PHC string; NULL until an invitation is accepted
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, account)
) WITHOUT ROWID;

CREATE TABLE assignments (
    tenant INTEGER NOT NULL,
    account TEXT NOT NULL,
    ord INTEGER NOT NULL,
    role TEXT NOT NULL,
    area TEXT,
    unit TEXT,
    valid_from TEXT,
    valid_to TEXT,
    PRIMARY KEY (tenant, account, ord)
) WITHOUT ROWID;

CREATE TABLE sessions (
    tenant INTEGER NOT NULL,
    token BLOB NOT NULL,              -- SHA-256 of the token
    account TEXT NOT NULL,
    device TEXT,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, token)
) WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions (tenant, account);

CREATE TABLE devices (
    tenant INTEGER NOT NULL,
    dev TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    nonce TEXT NOT NULL,
    account TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (tenant, dev, epoch)
) WITHOUT ROWID;

CREATE TABLE invites (
    tenant INTEGER NOT NULL,
    code BLOB NOT NULL,               -- SHA-256 of the code
    account TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant, code)
) WITHOUT ROWID;

CREATE TABLE numbers (
    tenant INTEGER NOT NULL,
    series TEXT NOT NULL,
    year INTEGER NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (tenant, series, year)
) WITHOUT ROWID;
