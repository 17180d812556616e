-- Foreign keys wait for the keys that they point to.

ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers

ANALYZE
