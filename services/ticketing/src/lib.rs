//! ventanilla-ticketing
