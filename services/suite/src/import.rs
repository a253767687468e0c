//! `import`.

pub mod read;
