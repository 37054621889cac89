mod attacks;
mod foreign_bytes;
mod key_set;
mod uic;
mod vectors;
