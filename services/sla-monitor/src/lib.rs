//! ventanilla-sla-monitor
