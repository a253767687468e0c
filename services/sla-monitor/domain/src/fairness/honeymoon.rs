//! Whether new customers are served otherwise than those the house has already: the honeymoon that ends with the first ninety days.

use std::cmp::Ordering;

use super::{Compared, Dimension, Group, Silent, Verdict};

/// Name of the group of customers in their first ninety days.
pub const FIRST_90_DAYS: &str = "first_90_days";

/// Name of the group of all others.
pub const LATER: &str = "later";

/// Attainment in the first ninety days against later.
#[derive(Debug, Clone, PartialEq)]
pub struct Honeymoon {
    /// Share kept in the first ninety days.
    pub new: f64,
    /// Share kept later.
    pub later: f64,
    /// How the new fare; `Equal` where no difference was found.
    pub new_fare: Ordering,
    /// Whether there were too few to compare.
    pub too_few: bool,
}

impl Honeymoon {
    /// Reads the dimension of tenure; none if it is another, or has not both groups with something decided.
    pub fn new(tenure: &Compared) -> Option<Self> {
        let share = |name: &str| tenure.groups.iter().find(|group| group.name() == name).and_then(Group::attainment);
        let (new, later) = (share(FIRST_90_DAYS)?, share(LATER)?);
        let new_fare = match &tenure.verdict {
            Verdict::Silent(_) => Ordering::Equal,
            Verdict::Disparity(_) => new.total_cmp(&later),
        };
        let too_few = tenure.verdict == Verdict::Silent(Silent::TooFew);
        (tenure.dimension == Dimension::Tenure).then_some(Self { new, later, new_fare, too_few })
    }

    /// The sentence in Spanish.
    pub fn es(&self) -> String {
        let percent = |share: f64| format!("{:.1} %", share * 100.0).replace('.', ",");
        let (new, later) = (percent(self.new), percent(self.later));
        let counts = format!("se cumple el {new} con quien lleva menos de 90 días y el {later} con los demás");
        match self.new_fare {
            Ordering::Greater => format!("Se atiende mejor a los recién llegados: {counts}."),
            Ordering::Less => format!("Se atiende peor a los recién llegados: {counts}."),
            Ordering::Equal if self.too_few => format!("Hay muy pocos casos para comparar: {counts}."),
            Ordering::Equal => format!("No se aprecia diferencia de trato según la antigüedad: {counts}."),
        }
    }

    /// The sentence in English.
    pub fn en(&self) -> String {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        let (new, later) = (percent(self.new), percent(self.later));
        let counts = format!("{new} is kept for customers in their first 90 days and {later} for the others");
        match self.new_fare {
            Ordering::Greater => format!("New customers are served better: {counts}."),
            Ordering::Less => format!("New customers are served worse: {counts}."),
            Ordering::Equal if self.too_few => format!("There are too few cases to compare: {counts}."),
            Ordering::Equal => format!("No difference of service by tenure was found: {counts}."),
        }
    }
}
