//! A region of services without network: messages are carried by hand, in order, at chosen moments.
