-- Break-glass that nobody has reviewed yet is asked for by every scrape and every first page; it is rare.
CREATE INDEX request_unreviewed ON request (CAST(id AS INTEGER))
    WHERE document ->> '$.review' IS NOT NULL AND document ->> '$.review.done' IS NULL;

-- Every question looks at the leases that are not closed, however many are.
CREATE INDEX lease_running ON lease (ends_at, id) WHERE state <> 'closed';
