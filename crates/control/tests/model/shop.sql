CREATE SCHEMA shop;
CREATE TABLE shop.tickets (id int, customer bigint, note text);
INSERT INTO shop.tickets SELECT id, 40 + id, 'a' FROM generate_series(1, 3) AS id;
CREATE TABLE shop.notes (id int, note text);
