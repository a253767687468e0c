//! How likely counts as uneven as these are by chance alone.

/// With a smaller expected count the chi-square distribution is not trusted (Cochran, *Biometrics* 1954; 10: 417-451).
pub(super) const LEAST_EXPECTED: f64 = 5.0;

/// The probability that a chi-square variable with so many degrees of freedom is at least `x`: Q(freedom / 2, x / 2), the regularized upper
/// incomplete gamma function, by series below its turn and by Lentz's continued fraction above (Abramowitz and Stegun, 6.5.29 and 6.5.31).
pub fn chi_square_beyond(x: f64, freedom: u32) -> f64 {
    if x <= 0.0 || freedom == 0 {
        return 1.0;
    }
    let (a, x) = (f64::from(freedom) / 2.0, x / 2.0);
    let scale = (a * x.ln() - x - ln_gamma_of_half(freedom)).exp();
    let beyond = if x < a + 1.0 { 1.0 - scale * series(a, x) } else { scale * fraction(a, x) };
    beyond.clamp(0.0, 1.0)
}

/// Sum of x^k / (a (a + 1) ... (a + k)).
fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut k) = (1.0 / a, 1.0 / a, a);
    while term > sum * f64::EPSILON {
        k += 1.0;
        term *= x / k;
        sum += term;
    }
    sum
}

/// 1 / (x + 1 - a - (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - ...))).
fn fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / not_zero(b));
    let mut value = d;
    for k in 1..10_000_u32 {
        let k = f64::from(k);
        let part = k * (a - k);
        b += 2.0;
        d = 1.0 / not_zero(part * d + b);
        c = not_zero(b + part / c);
        value *= c * d;
        if (c * d - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

/// ln Γ(twice / 2), from Γ(1) = 1 or Γ(1/2) = √π upwards.
fn ln_gamma_of_half(twice: u32) -> f64 {
    let (first, start) = if twice.is_multiple_of(2) { (2, 0.0) } else { (1, std::f64::consts::PI.ln() / 2.0) };
    (first..twice).step_by(2).map(|n| (f64::from(n) / 2.0).ln()).sum::<f64>() + start
}

/// Two-sided exact test of Fisher (*The Design of Experiments*, 1935): of `all`, `kept` were kept; a group of `of` has `with` of them. The
/// probability, with the margins given, of a table that is no likelier than this one.
pub fn fisher(with: u64, of: u64, kept: u64, all: u64) -> f64 {
    let least = (of + kept).saturating_sub(all);
    let most = of.min(kept);
    // Weights relative to the likeliest table, whichever way until they vanish.
    let mode = ((of + 1) as f64 * (kept + 1) as f64 / (all + 2) as f64) as u64;
    let mode = mode.clamp(least, most);
    let up = |x: u64| (of - x) as f64 * (kept - x) as f64 / ((x + 1) as f64 * (all + x + 1 - of - kept) as f64);
    let mut weights = vec![(mode, 1.0)];
    let (mut x, mut weight) = (mode, 1.0);
    while x < most && weight > 0.0 {
        weight *= up(x);
        x += 1;
        weights.push((x, weight));
    }
    (x, weight) = (mode, 1.0);
    while x > least && weight > 0.0 {
        x -= 1;
        weight /= up(x);
        weights.push((x, weight));
    }
    let seen = weights.iter().find(|(x, _)| *x == with).map_or(0.0, |(_, weight)| *weight);
    // Tables that are equally likely must not differ by rounding.
    let unlikely =
        weights.iter().map(|(_, weight)| *weight).filter(|weight| *weight <= seen * (1.0 + 1e-7)).sum::<f64>();
    (unlikely / weights.iter().map(|(_, weight)| *weight).sum::<f64>()).clamp(0.0, 1.0)
}

/// The p values corrected for their number (Holm, *Scand J Stat* 1979; 6: 65-70), in the order given: the chance of one or more false alarms
/// among them stays what it is for one.
pub fn holm(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let (mut corrected, mut floor) = (vec![1.0; values.len()], 0.0_f64);
    for (rank, index) in order.into_iter().enumerate() {
        floor = floor.max(values[index] * (values.len() - rank) as f64).min(1.0);
        corrected[index] = floor;
    }
    corrected
}
