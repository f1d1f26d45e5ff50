-- A small shop: what its own application made, long before Rolecall came.
CREATE SCHEMA shop AUTHORIZATION app_owner;
CREATE SCHEMA analytics AUTHORIZATION app_owner;
SET ROLE app_owner;

CREATE TABLE shop.customers (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    plan text NOT NULL
);
INSERT INTO shop.customers
SELECT n, 'Customer ' || n, 'customer' || n || '@example.test', (ARRAY['free', 'pro', 'team'])[n % 3 + 1]
FROM generate_series(1, 500) AS n;

CREATE TABLE shop.tickets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES shop.customers,
    subject text NOT NULL,
    status text NOT NULL DEFAULT 'open'
);
INSERT INTO shop.tickets (customer_id, subject)
SELECT n % 500 + 1, 'Ticket ' || n FROM generate_series(1, 2000) AS n;
CREATE INDEX ON shop.tickets (customer_id);

CREATE TABLE shop.orders (
    id bigserial PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES shop.customers,
    amount numeric(10, 2) NOT NULL,
    day date NOT NULL
);
INSERT INTO shop.orders (customer_id, amount, day)
SELECT n % 500 + 1, (n % 97) * 1.5 + 5, date '2026-01-01' + n % 90 FROM generate_series(1, 3000) AS n;

CREATE TABLE shop.payments (
    id bigint PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES shop.orders,
    card_number text NOT NULL
);
INSERT INTO shop.payments
SELECT n, n, '4000' || lpad((n * 7919)::text, 12, '0') FROM generate_series(1, 3000) AS n;

CREATE TABLE analytics.daily_sales AS
SELECT day, count(*) AS orders, sum(amount) AS revenue FROM shop.orders GROUP BY day;
RESET ROLE;
