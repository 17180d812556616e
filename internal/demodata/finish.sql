-- What is faster after the rows. Statements are separated by empty lines and
-- run side by side; those of one table are in one paragraph.

ALTER TABLE shop.customers ADD PRIMARY KEY (id), ADD UNIQUE (email),
    ADD FOREIGN KEY (country) REFERENCES shop.countries;
SELECT setval(pg_get_serial_sequence('shop.customers', 'id'), 100000)

ALTER TABLE shop.products ADD PRIMARY KEY (id);
SELECT setval(pg_get_serial_sequence('shop.products', 'id'), 5000);
CREATE INDEX ON shop.products USING gin (attributes)

ALTER TABLE shop.orders ADD PRIMARY KEY (id)

CREATE INDEX orders_by_customer ON shop.orders (customer_id, placed_at)

ALTER TABLE shop.documents ADD PRIMARY KEY (id);
CREATE INDEX ON shop.documents (lower(title))

CREATE INDEX "Odd Index" ON shop."Odd.Names" ("Mixed ""Case""") WHERE share > 50
