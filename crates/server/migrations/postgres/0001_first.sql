-- The same tables as for SQLite (../0001_first.sql), in PostgreSQL's words.
-- Every primary key is led by the tenant, so that the tables partition on a distributed database.
-- COLLATE "C": ranges of channels and areas are ranges of bytes, whatever language the database was made for.

CREATE TABLE tenant (
    tenant BIGINT NOT NULL PRIMARY KEY,
    history TEXT COLLATE "C" NOT NULL,            -- changes when the history was replaced by a backup
    authority TEXT COLLATE "C" NOT NULL,          -- device whose receipts, rejections and numbers count
    epoch BIGINT NOT NULL,           -- its life; raised with the history
    name TEXT COLLATE "C" NOT NULL,
    township TEXT COLLATE "C" NOT NULL,           -- area code
    number_code TEXT COLLATE "C" NOT NULL,        -- short name printed in official numbers
    demo BOOLEAN NOT NULL,
    last_seq BIGINT NOT NULL,         -- the gapless sequence
    created_at BIGINT NOT NULL
);

-- The log. A refused operation keeps its line and hash and loses its body.
CREATE TABLE ops (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    entity BYTEA NOT NULL,
    dev BYTEA NOT NULL,
    epoch BIGINT NOT NULL,
    n BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    line TEXT COLLATE "C" NOT NULL,
    salt TEXT COLLATE "C",
    body TEXT COLLATE "C",
    body_hash TEXT COLLATE "C",
    sig TEXT COLLATE "C",
    hash BYTEA NOT NULL,
    area TEXT COLLATE "C",                        -- where the entity lay after this operation
    received_at BIGINT NOT NULL,
    verdict TEXT COLLATE "C",
    PRIMARY KEY (tenant, seq)
);
CREATE UNIQUE INDEX ops_id ON ops (tenant, entity, dev, epoch, n);

-- Which channels an operation went out on: a:<area>, u:<unit>, p:<account>, * for everyone.
CREATE TABLE feed (
    tenant BIGINT NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, channel, seq)
);

CREATE TABLE entities (
    tenant BIGINT NOT NULL,
    entity BYTEA NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    creator TEXT COLLATE "C" NOT NULL,
    area TEXT COLLATE "C",
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, entity)
);

-- On which channels an entity lay, from which sequence number to which.
CREATE TABLE placed (
    tenant BIGINT NOT NULL,
    entity BYTEA NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT,
    PRIMARY KEY (tenant, entity, channel, from_seq)
);
CREATE INDEX placed_channel ON placed (tenant, channel, entity);

-- Placement changes after creation: what a reader's window must look at closely.
CREATE TABLE moves (
    tenant BIGINT NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    entity BYTEA NOT NULL,
    PRIMARY KEY (tenant, channel, seq)
);

-- Areas that hold anything: a reader's prefixes are expanded into these.
CREATE TABLE areas (
    tenant BIGINT NOT NULL,
    area TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, area)
);

-- What an account may read, as patterns of channels; a: patterns are prefixes.
CREATE TABLE rights (
    tenant BIGINT NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    pattern TEXT COLLATE "C" NOT NULL,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT,
    PRIMARY KEY (tenant, account, pattern, from_seq)
);

CREATE TABLE blobs (
    tenant BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    mime TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, sha256)
);

-- Which operations' streams name a blob, and who wrote them.
CREATE TABLE blob_refs (
    tenant BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    entity BYTEA NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    mime TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, sha256, entity, account)
);

CREATE TABLE accounts (
    tenant BIGINT NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C",
    password TEXT COLLATE "C",                    -- PHC string; NULL until an invitation is accepted
    disabled BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, account)
);

CREATE TABLE assignments (
    tenant BIGINT NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    ord BIGINT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    area TEXT COLLATE "C",
    unit TEXT COLLATE "C",
    valid_from TEXT COLLATE "C",
    valid_to TEXT COLLATE "C",
    PRIMARY KEY (tenant, account, ord)
);

CREATE TABLE sessions (
    tenant BIGINT NOT NULL,
    token BYTEA NOT NULL,              -- SHA-256 of the token
    account TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, token)
);
CREATE INDEX sessions_account ON sessions (tenant, account);

CREATE TABLE devices (
    tenant BIGINT NOT NULL,
    dev TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    nonce TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (tenant, dev, epoch)
);

CREATE TABLE invites (
    tenant BIGINT NOT NULL,
    code BYTEA NOT NULL,               -- SHA-256 of the code
    account TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant, code)
);

CREATE TABLE numbers (
    tenant BIGINT NOT NULL,
    series TEXT COLLATE "C" NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (tenant, series, year)
);
