CREATE TABLE public.customers (
    id integer PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL,
    ssn text NOT NULL,
    region text NOT NULL,
    country text NOT NULL,
    birth_date date NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE public.employees (
    id integer PRIMARY KEY,
    name text NOT NULL,
    department text NOT NULL,
    salary numeric(10, 2) NOT NULL,
    iban text NOT NULL,
    manager integer REFERENCES public.employees (id)
);
CREATE TABLE public.support_notes (
    id integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES public.customers (id),
    region text NOT NULL,
    note text NOT NULL,
    written_at timestamptz NOT NULL
);
