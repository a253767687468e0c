//! ventanilla-ombudsman-escalation
