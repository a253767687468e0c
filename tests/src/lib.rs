//! ventanilla-tests
