//! The only SQL for managed databases: reading their catalogs, writing their grants.

pub mod postgres;
