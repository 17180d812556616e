-- Rows, the same ones every time. Statements are separated by empty lines and
-- run side by side; {part} of {parts} divides the long ones.

INSERT INTO shop.countries
SELECT code, name, population
FROM (VALUES ('AT', 'Österreich', 9158750), ('BR', 'Brasil', 212583750), ('CA', 'Canada', 41528680),
             ('DE', 'Deutschland', 83555478), ('ES', 'España', 48797875), ('FR', 'France', 68605616),
             ('JP', '日本', 123790000), ('KE', 'Kenya', 53330978), ('NZ', 'Aotearoa', 5338500),
             ('PL', 'Polska', 37489000), ('US', 'United States', 340110988), ('AQ', 'Antarctica', NULL))
     AS c (code, name, population)

INSERT INTO shop.customers (id, name, email, country, tags, credit_limit, created_at)
SELECT i, 'Customer ' || i, 'customer' || i || '@example.com',
       (ARRAY['AT', 'BR', 'CA', 'DE', 'ES', 'FR', 'JP', 'KE', 'NZ', 'PL', 'US'])[1 + i % 11],
       CASE WHEN i % 5 = 0 THEN ARRAY['vip', 'since ' || 2000 + i % 25] ELSE '{}' END,
       CASE WHEN i % 3 <> 0 THEN i % 5000 + 0.5 END,
       timestamptz '2015-01-01 00:00:00+00' + i * interval '53 minutes'
FROM generate_series(1, 100000) AS i

INSERT INTO shop.products (id, name, price, attributes)
SELECT i, 'Product ' || i, (i * 7919 % 100000) / 100.0,
       jsonb_build_object('color', (ARRAY['red', 'green', 'blue'])[1 + i % 3], 'size', i % 40, 'in stock', i % 7 <> 0)
FROM generate_series(1, 5000) AS i

INSERT INTO shop.orders
SELECT i, 1 + i * 7919 % 100000, 1 + i * 104729 % 5000, 1 + i % 9, (i * 7907 % 1000000) / 100.0,
       CASE WHEN i % 11 <> 0 THEN sqrt(i % 5000) END,
       timestamptz '2023-01-01 00:00:00+00' + i * interval '41.377 seconds',
       CASE WHEN i % 10 <> 0 THEN date '2023-01-02' + (i / 2088)::integer END
FROM generate_series({part}::bigint + 1, 2000000, {parts}) AS i

INSERT INTO shop.documents
SELECT md5('document ' || i)::uuid, 'Document ' || i,
       (SELECT string_agg(md5((i * 10000 + j)::text), ' ') FROM generate_series(1, 600 + i % 1200) AS j),
       decode(md5(i::text), 'hex'), timestamp '2020-02-29 12:00:00' + i * interval '1 hour'
FROM generate_series({part} + 1, 2000, {parts}) AS i

INSERT INTO shop."Odd.Names" ("Mixed ""Case""", "select", "größe", share, matrix, settings, raw, day, moment, duration, address, flags, blob)
SELECT (ARRAY['plain', 'tab' || chr(9) || 'and' || chr(10) || 'line', 'back\slash \N', 'naïve 🐘 text', '', NULL])[1 + i % 6],
       (ARRAY['sad', 'so-so', 'it''s fine', NULL]::shop."Mood"[])[1 + i % 4],
       (ARRAY['NaN', '0.00', '-12345678901234567890.123456789', '1e-20', NULL]::numeric[])[1 + i % 5],
       i % 101,
       ARRAY[[i, NULL], [-i, 0]],
       jsonb_build_object('id', i, 'nested', jsonb_build_array(1.10, NULL, 'x')),
       ('{"b": ' || i || ',  "a" : [ ]}')::json,
       (ARRAY['infinity', '-infinity', '0044-03-15 BC', '2024-02-29', NULL]::date[])[1 + i % 5],
       (ARRAY['infinity', '1883-11-18 12:03:58-04:56', '294276-12-31 23:59:59.999999+00', NULL]::timestamptz[])[1 + i % 4],
       make_interval(years => i % 3, days => -i, secs => 0.000001 * i),
       (ARRAY['10.0.0.1', '192.168.0.0/16', '2001:db8::1']::inet[])[1 + i % 3],
       (i % 256)::bit(8)::bit varying(16),
       decode(lpad(to_hex(i), 8, '0'), 'hex')
FROM generate_series(1, 20000) AS i
