//! ventanilla-customer-profile
