-- The same tables as for SQLite (../0003_trust.sql), in PostgreSQL's words.
-- Public keys of devices (ECDSA P-256): what somebody else delivers for a device must be signed by one of them. Rows
-- are only ever added.
CREATE TABLE device_keys (
    tenant BIGINT NOT NULL,
    dev TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,                -- the point, uncompressed: 65 bytes in hex
    account TEXT COLLATE "C" NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, dev, key)
);

-- Sessions that were valid once: they may still push, into quarantine.
CREATE TABLE ended_sessions (
    tenant BIGINT NOT NULL,
    token BYTEA NOT NULL,              -- SHA-256 of the token
    account TEXT COLLATE "C" NOT NULL,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, token)
);

-- Operations that came in after their author's session or account had ended, until an administrator lets them go on
-- to admission.
CREATE TABLE quarantine (
    tenant BIGINT NOT NULL,
    account TEXT COLLATE "C" NOT NULL,            -- the author
    hash BYTEA NOT NULL,
    dev TEXT COLLATE "C" NOT NULL,
    nonce TEXT COLLATE "C",                       -- the device's; NULL when somebody else delivered it, signed
    sender TEXT COLLATE "C" NOT NULL,             -- who delivered it
    received_at BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    op TEXT COLLATE "C" NOT NULL,                 -- as it came
    release BIGINT NOT NULL,          -- 1: an administrator let it go
    note TEXT COLLATE "C",                        -- why it stayed after that
    PRIMARY KEY (tenant, account, hash)
);
