mod attacks;
mod foreign_bytes;
mod fuzzing;
mod gate;
mod key_set;
mod uic;
mod vectors;
