//! Limited-memory BFGS for a smooth convex function (Nocedal and Wright, "Numerical Optimization", second edition,
//! algorithms 7.4 and 7.5), on the host in double precision.
//!
//! The line search uses the slope along the direction, which increases monotonically for a convex function: near the
//! minimum, slopes still differ in double precision when values no longer do.

use anyhow::Result;

/// Pairs of steps and gradient changes to keep; 3 to 20 are usual (section 7.2 there).
const MEMORY: usize = 10;
/// Maximum number of steps.
pub(super) const MOST_STEPS: usize = 1000;
/// Maximum number of evaluations in one line search.
const MOST_TRIALS: usize = 40;
/// The Wolfe conditions' constants for quasi-Newton methods (section 3.1 there).
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
/// Relative rounding error of a mean of logarithms.
const ROUNDING: f64 = 1e-13;

/// The function to minimise.
pub(super) trait Objective {
    /// Value and gradient at a point.
    fn at(&mut self, point: &[f64]) -> Result<(f64, Vec<f64>)>;

    /// Whether the last evaluated point is good enough, whatever its gradient.
    fn suffices(&mut self, _value: f64) -> bool {
        false
    }
}

/// Why a minimisation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// No component of the gradient exceeds the tolerance.
    Gradient,
    /// `Objective::suffices` was true.
    Sufficient,
    /// `MOST_STEPS` was reached.
    Steps,
    /// No step lowers the value further in double precision.
    Rounding,
}

/// The result of a minimisation.
#[derive(Debug)]
pub(super) struct Minimum {
    pub(super) point: Vec<f64>,
    /// The largest component of the gradient.
    pub(super) gradient: f64,
    pub(super) steps: usize,
    pub(super) end: End,
}

/// Minimises from a starting point until no component of the gradient exceeds `tolerance`.
pub(super) fn minimise(objective: &mut impl Objective, start: Vec<f64>, tolerance: f64) -> Result<Minimum> {
    let (value, gradient) = objective.at(&start)?;
    let mut now = Evaluated { point: start, value, gradient };
    let mut pairs: Vec<Pair> = Vec::new();
    let mut steps = 0;
    let end = loop {
        if largest(&now.gradient) <= tolerance {
            break End::Gradient;
        }
        if objective.suffices(now.value) {
            break End::Sufficient;
        }
        if steps == MOST_STEPS {
            break End::Steps;
        }
        let direction = direction(&pairs, &now.gradient);
        let Some(next) = search(objective, &now, &direction)? else {
            if pairs.is_empty() {
                break End::Rounding;
            }
            // The pairs may hold only rounding error: restart with steepest descent.
            pairs.clear();
            // `suffices` asks about the point evaluated last.
            objective.at(&now.point)?;
            continue;
        };
        let pair = Pair::new(&now, &next);
        // A pair without curvature is useless; a convex function has no negative curvature.
        if pair.product > f64::EPSILON * dot(&pair.change, &pair.change) {
            pairs.truncate(MEMORY - 1);
            pairs.insert(0, pair);
        }
        now = next;
        steps += 1;
    };
    Ok(Minimum { gradient: largest(&now.gradient), point: now.point, steps, end })
}

struct Evaluated {
    point: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

/// A step, the change of the gradient along it, and their dot product.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    product: f64,
}

impl Pair {
    fn new(before: &Evaluated, after: &Evaluated) -> Self {
        let step = difference(&after.point, &before.point);
        let change = difference(&after.gradient, &before.gradient);
        Self { product: dot(&step, &change), step, change }
    }
}

/// Algorithm 7.4: minus the approximate inverse Hessian of the pairs, latest first, times the gradient.
fn direction(pairs: &[Pair], gradient: &[f64]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let share = dot(&pair.step, &direction) / pair.product;
        add(&mut direction, -share, &pair.change);
        shares.push(share);
    }
    if let Some(latest) = pairs.first() {
        let scale = latest.product / dot(&latest.change, &latest.change);
        for value in &mut direction {
            *value *= scale;
        }
    }
    for (pair, share) in pairs.iter().zip(shares).rev() {
        let back = dot(&pair.change, &direction) / pair.product;
        add(&mut direction, share - back, &pair.step);
    }
    direction
}

/// Finds a point along a direction that satisfies the strong Wolfe conditions: by doubling until it is bracketed, then by
/// the secant of the slopes. `None` if rounding hides every such point.
fn search(objective: &mut impl Objective, from: &Evaluated, direction: &[f64]) -> Result<Option<Evaluated>> {
    let first = dot(&from.gradient, direction);
    // Not downhill.
    if first >= 0.0 || !first.is_finite() {
        return Ok(None);
    }
    let (mut low, mut high): ((f64, f64), Option<(f64, f64)>) = ((0.0, first), None);
    let mut length = 1.0;
    for _ in 0..MOST_TRIALS {
        let mut point = from.point.clone();
        add(&mut point, length, direction);
        let (value, gradient) = objective.at(&point)?;
        let slope = dot(&gradient, direction);
        let most = from.value + DECREASE * length * first + ROUNDING * (1.0 + from.value.abs());
        // A NaN value means that the step is too long.
        let falls = value <= most;
        if falls && slope.abs() <= -CURVATURE * first {
            return Ok(Some(Evaluated { point, value, gradient }));
        }
        if falls && slope < 0.0 {
            low = (length, slope);
        } else {
            high = Some((length, slope));
        }
        length = match high {
            None => 2.0 * length,
            Some(high) => between(low, high),
        };
    }
    Ok(None)
}

/// The zero of the line through two slopes, at least a tenth of the interval away from both ends.
fn between((low, low_slope): (f64, f64), (high, high_slope): (f64, f64)) -> f64 {
    let share = low_slope / (low_slope - high_slope);
    // A slope may be NaN.
    let share = if share.is_finite() { share.clamp(0.1, 0.9) } else { 0.5 };
    low + share * (high - low)
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn difference(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| one - other).collect()
}

/// `to += factor · vector`.
fn add(to: &mut [f64], factor: f64, vector: &[f64]) {
    to.iter_mut().zip(vector).for_each(|(to, value)| *to += factor * value);
}

fn largest(gradient: &[f64]) -> f64 {
    // Unlike `f64::max`, this propagates NaN.
    gradient.iter().fold(0.0, |most, slope| if slope.abs() <= most { most } else { slope.abs() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sum over components that counts its evaluations.
    struct Sum<F> {
        term: F,
        evaluations: usize,
    }

    impl<F: Fn(usize, f64) -> (f64, f64)> Objective for Sum<F> {
        fn at(&mut self, point: &[f64]) -> Result<(f64, Vec<f64>)> {
            self.evaluations += 1;
            let terms = point.iter().enumerate().map(|(index, &value)| (self.term)(index, value));
            let (values, gradient): (Vec<f64>, Vec<f64>) = terms.unzip();
            Ok((values.iter().sum(), gradient))
        }
    }

    #[test]
    fn an_ill_conditioned_quadratic_is_minimised() -> Result<()> {
        let curvature = |index: usize| 10f64.powf(index as f64 / 5.0);
        let term = |index: usize, x: f64| {
            let away = x - index as f64;
            (0.5 * curvature(index) * away * away, curvature(index) * away)
        };
        let minimum = minimise(&mut Sum { term, evaluations: 0 }, vec![0.0; 21], 1e-9)?;
        assert_eq!(minimum.end, End::Gradient);
        assert!(minimum.gradient <= 1e-9);
        for (index, value) in minimum.point.iter().enumerate() {
            assert!((value - index as f64).abs() < 1e-8, "{index}: {value}");
        }
        Ok(())
    }

    #[test]
    fn slopes_decide_where_values_are_equal() -> Result<()> {
        // Values near 1e6 have a resolution of 1e-10, which locates the minimum only to within 1e-5.
        let term = |_: usize, x: f64| (1e6 + (x - 2.0).cosh(), (x - 2.0).sinh());
        let mut objective = Sum { term, evaluations: 0 };
        let minimum = minimise(&mut objective, vec![5.0], 1e-12)?;
        assert_eq!(minimum.end, End::Gradient);
        assert!((minimum.point[0] - 2.0).abs() < 1e-11 && objective.evaluations < 40, "{}", objective.evaluations);
        Ok(())
    }

    #[test]
    fn an_unbounded_descent_ends_at_the_tolerance() -> Result<()> {
        let minimum =
            minimise(&mut Sum { term: |_, x: f64| ((-x).exp(), -(-x).exp()), evaluations: 0 }, vec![0.0], 1e-6)?;
        assert_eq!(minimum.end, End::Gradient);
        assert!(minimum.point[0] > 13.0);
        Ok(())
    }

    #[test]
    fn nan_values_are_not_accepted() -> Result<()> {
        let term =
            |_: usize, x: f64| if x < 1.0 { (x - (1.0 - x).ln(), 1.0 + 1.0 / (1.0 - x)) } else { (f64::NAN, f64::NAN) };
        let shifted = |_: usize, x: f64| {
            let (value, slope) = term(0, x);
            (value - 4.0 * x, slope - 4.0)
        };
        let minimum = minimise(&mut Sum { term: shifted, evaluations: 0 }, vec![0.0], 1e-10)?;
        assert_eq!(minimum.end, End::Gradient);
        assert!((minimum.point[0] - 2.0 / 3.0).abs() < 1e-9, "{:?}", minimum.point);
        Ok(())
    }
}
