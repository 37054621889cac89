mod attacks;
mod foreign_bytes;
mod vectors;
