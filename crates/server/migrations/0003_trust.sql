-- Public keys of devices (ECDSA P-256): what somebody else delivers for a device must be signed by one of them. Rows
-- are only ever added.
CREATE TABLE device_keys (
    tenant INTEGER NOT NULL,
    dev TEXT NOT NULL,
    key TEXT NOT NULL,                -- the point, uncompressed: 65 bytes in hex
    account TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, dev, key)
) WITHOUT ROWID;

-- Sessions that were valid once: they may still push, into quarantine.
CREATE TABLE ended_sessions (
    tenant INTEGER NOT NULL,
    token BLOB NOT NULL,              -- SHA-256 of the token
    account TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, token)
) WITHOUT ROWID;

-- Operations that came in after their author's session or account had ended, until an administrator lets them go on
-- to admission.
CREATE TABLE quarantine (
    tenant INTEGER NOT NULL,
    account TEXT NOT NULL,            -- the author
    hash BLOB NOT NULL,
    dev TEXT NOT NULL,
    nonce TEXT,                       -- the device's; NULL when somebody else delivered it, signed
    sender TEXT NOT NULL,             -- who delivered it
    received_at BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    op TEXT NOT NULL,                 -- as it came
    release BIGINT NOT NULL,          -- 1: an administrator let it go
    note TEXT,                        -- why it stayed after that
    PRIMARY KEY (tenant, account, hash)
) WITHOUT ROWID;
