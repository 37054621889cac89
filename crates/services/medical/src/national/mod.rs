//! The national JSON interface (国家医保信息平台接口, specification section 12): envelope, fields, transactions. Pure: what each transaction
//! does is below `http::national`.

pub mod archive;
pub mod envelope;
pub mod field;
pub mod transactions;
