# A second workload for advisor, of another kind than TPC-H: order entry, with writes. Makes the tables of a wholesaler, without
# keys or indexes, in an empty database, and its statements in a folder:
#
#   bench/run order-entry CONN FOLDER [FACTOR]
#
# FACTOR 1 (the default) is 2 million order lines, about 400 MB. The same rows each time.
(($# >= 2)) || usage
conn=$1
folder=$2
factor=${3:-1}
mkdir -p "$folder"

psql -qX -v ON_ERROR_STOP=1 -v f="$factor" "$conn" <<'SQL'
CREATE EXTENSION IF NOT EXISTS hypopg;
CREATE TABLE depots (id int, name text, region text);
CREATE TABLE customers (id int, depot_id int, surname text, email text, since date, credit numeric(10, 2), balance numeric(10, 2), segment text);
CREATE TABLE articles (id int, name text, category int, price numeric(8, 2), discontinued bool);
CREATE TABLE stock (depot_id int, article_id int, quantity int, reserved int, counted_at date);
CREATE TABLE orders (id int, customer_id int, depot_id int, placed_at timestamp, shipped_at timestamp, status text, lines int);
CREATE TABLE order_lines (order_id int, line int, article_id int, depot_id int, quantity int, amount numeric(8, 2), delivered_at date);
CREATE TABLE payments (id int, customer_id int, order_id int, paid_at timestamp, amount numeric(10, 2), method text);
INSERT INTO depots SELECT g, 'depot ' || g, (ARRAY['north', 'east', 'south', 'west'])[1 + g % 4] FROM generate_series(1, 20) g;
INSERT INTO customers SELECT g, 1 + g % 20, 'surname' || g % 1000, 'c' || g || '@example.com', date '2015-01-01' + g % 3000, g % 5000, (g * 7) % 900 - 300,
  (ARRAY['retail', 'gastronomy', 'office', 'crafts', 'public'])[1 + g % 5] FROM generate_series(1, (150000 * :f)::int) g;
INSERT INTO articles SELECT g, 'article ' || g, g % 400, (g * 13) % 997 + 0.99, g % 25 = 0 FROM generate_series(1, 20000) g;
INSERT INTO stock SELECT d, a, (a * d * 31) % 200, (a + d) % 7, date '2026-01-01' - (a * 17) % 200 FROM generate_series(1, 20) d, generate_series(1, 20000) a;
INSERT INTO orders SELECT g, 1 + (g::bigint * 7919 % (150000 * :f)::int)::int, 1 + g % 20, timestamp '2023-01-01' + g * interval '2 minutes',
  CASE WHEN g <= (490000 * :f)::int THEN timestamp '2023-01-02' + g * interval '2 minutes' END,
  CASE WHEN g > (490000 * :f)::int THEN 'open' WHEN g % 97 = 0 THEN 'returned' ELSE 'shipped' END, 1 + g % 7 FROM generate_series(1, (500000 * :f)::int) g;
INSERT INTO order_lines SELECT o, l, 1 + ((o::bigint * 37 + l * 4099) % 20000)::int, 1 + o % 20, 1 + (o + l) % 9, (o * l) % 900 + 0.5,
  CASE WHEN o <= (490000 * :f)::int THEN date '2023-01-03' + o / 720 END FROM generate_series(1, (500000 * :f)::int) o, generate_series(1, 1 + o % 7) l;
INSERT INTO payments SELECT g, 1 + (g::bigint * 7919 % (150000 * :f)::int)::int, g, timestamp '2023-01-05' + g * interval '2 minutes', (g * 3) % 4000, (ARRAY['card', 'transfer', 'debit'])[1 + g % 3]
  FROM generate_series(1, (450000 * :f)::int) g;
VACUUM ANALYZE;
SQL

cat >"$folder/order-entry.sql" <<'SQL'
-- the till
SELECT id, surname, credit, balance FROM customers WHERE depot_id = 7 AND surname = 'surname77' ORDER BY id;
SELECT surname, balance FROM customers WHERE email = 'c4711@example.com';
SELECT a.price, s.quantity - s.reserved FROM articles a JOIN stock s ON s.article_id = a.id WHERE a.id = 815 AND s.depot_id = 7;
INSERT INTO orders (id, customer_id, depot_id, placed_at, status, lines) VALUES (600001, 4711, 7, '2026-01-01 12:00', 'open', 2);
INSERT INTO order_lines (order_id, line, article_id, depot_id, quantity, amount) VALUES (600001, 1, 815, 7, 3, 12.5);
UPDATE stock SET reserved = reserved + 3 WHERE depot_id = 7 AND article_id = 815;
INSERT INTO payments (id, customer_id, order_id, paid_at, amount, method) VALUES (600001, 4711, 600001, '2026-01-01 12:00', 99, 'card');
UPDATE customers SET balance = balance - 99 WHERE id = 4711;
-- the office
SELECT id, placed_at, status FROM orders WHERE customer_id = 4711 ORDER BY placed_at DESC LIMIT 10;
SELECT l.line, a.name, l.quantity, l.amount FROM order_lines l JOIN articles a ON a.id = l.article_id WHERE l.order_id = 123456 ORDER BY l.line;
SELECT o.id, o.placed_at, c.surname FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = 'open' AND o.depot_id = 7 ORDER BY o.placed_at LIMIT 50;
SELECT c.id, c.surname, sum(p.amount) FROM payments p JOIN customers c ON c.id = p.customer_id WHERE p.paid_at >= '2024-11-01' AND c.segment = 'crafts' GROUP BY c.id, c.surname;
-- the warehouse
SELECT count(DISTINCT s.article_id) FROM order_lines l JOIN stock s ON s.article_id = l.article_id AND s.depot_id = l.depot_id WHERE l.order_id BETWEEN 499900 AND 499980 AND s.quantity < 15;
UPDATE orders SET shipped_at = '2026-01-02', status = 'shipped' WHERE id = 499950;
UPDATE order_lines SET delivered_at = '2026-01-03' WHERE order_id = 499950;
SELECT depot_id, count(*) FROM stock WHERE quantity < 5 AND counted_at < '2025-08-01' GROUP BY depot_id;
-- the month
SELECT a.category, sum(l.amount) FROM order_lines l JOIN articles a ON a.id = l.article_id WHERE l.delivered_at BETWEEN '2024-10-01' AND '2024-10-31' GROUP BY a.category ORDER BY 2 DESC;
SELECT d.region, count(*) FROM orders o JOIN depots d ON d.id = o.depot_id WHERE o.status = 'returned' AND o.placed_at >= '2024-01-01' GROUP BY d.region;
SELECT c.id FROM customers c WHERE c.balance < -250 AND NOT EXISTS (SELECT FROM payments p WHERE p.customer_id = c.id AND p.paid_at > '2024-06-01');
DELETE FROM payments WHERE order_id = 600001;
SQL
echo "$folder/order-entry.sql: $(grep -c ';$' "$folder/order-entry.sql") statements"
