//! What a user sees, through the program itself.

mod architecture;
mod arrays;
mod configs;
mod counted;
mod data;
mod data_verbs;
mod device;
mod folders;
mod formats;
mod freezing;
mod fuzzed;
mod gpu;
mod memory;
mod program;
mod properties;
mod readme;
mod reliability;
mod run;
mod scripts;
mod similarity;
mod spec;
mod speed;
mod tasks;
mod threads;
mod verbs;
