-- The same as for SQLite (../0005_restricted.sql), in PostgreSQL's words.
-- Restricted categories of households are gone through every day (VISIT-09): they are few, and found without reading
-- everything else.
CREATE INDEX entities_restricted ON entities (tenant, creator) WHERE type = 'restricted';
