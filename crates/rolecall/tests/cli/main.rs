//! Runs the program as people and pipelines do, against PostgreSQL servers of its own.

mod audit;
mod backup;
mod clock;
mod commands;
mod demo;
mod german;
mod given;
mod pages;
mod picture;
mod remote;
mod rights;
mod serve;
mod sessions;
mod stage;
mod standby;
mod terminal;
mod trouble;
