CREATE TABLE products (
    product_id INT PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    category VARCHAR(40) NOT NULL,
    price DECIMAL(10, 2) NOT NULL
);
CREATE TABLE orders (
    order_id INT PRIMARY KEY,
    customer_id INT NOT NULL,
    region VARCHAR(8) NOT NULL,
    status VARCHAR(16) NOT NULL,
    total DECIMAL(12, 2) NOT NULL,
    ordered_at DATETIME(6) NOT NULL
);
CREATE TABLE order_items (
    order_id INT NOT NULL REFERENCES orders (order_id),
    line INT NOT NULL,
    product_id INT NOT NULL REFERENCES products (product_id),
    quantity INT NOT NULL,
    price DECIMAL(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line)
);
CREATE TABLE payments (
    payment_id INT PRIMARY KEY,
    order_id INT NOT NULL REFERENCES orders (order_id),
    method VARCHAR(16) NOT NULL,
    card_number VARCHAR(32) NOT NULL,
    amount DECIMAL(12, 2) NOT NULL,
    paid_at DATETIME(6) NOT NULL
);
