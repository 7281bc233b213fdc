//! The learning rate of every step.

use std::f64::consts::PI;

use crate::spec::{Rate, Schedule};

/// The learning rate of a step, counted from 0; `total` is the budget in steps.
pub(in crate::train) fn rate(rate: &Rate, step: u64, steps_per_epoch: u64, total: u64) -> f64 {
    let scheduled = match &rate.schedule {
        Schedule::Constant => 1.0,
        Schedule::InverseSqrt { period } => 1.0 / ((1 + step / period) as f64).sqrt(),
        Schedule::Linear => 1.0 - step as f64 / total as f64,
        Schedule::Cosine => 0.5 * (1.0 + (PI * step as f64 / total as f64).cos()),
        Schedule::Step { milestones, decay } => {
            let passed = milestones.iter().filter(|&&epoch| step >= epoch * steps_per_epoch).count();
            decay.powi(passed as i32)
        }
    };
    let warm = if step < rate.warmup_steps { (step + 1) as f64 / rate.warmup_steps as f64 } else { 1.0 };
    rate.base * scheduled * warm
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(schedule: Schedule, warmup_steps: u64, steps: &[u64]) -> Vec<f64> {
        let spec = Rate { base: 0.1, warmup_steps, schedule };
        steps.iter().map(|&step| rate(&spec, step, 10, 100)).collect()
    }

    fn close(found: &[f64], expected: &[f64]) {
        assert!(found.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-15), "{found:?}");
    }

    #[test]
    fn schedules_follow_their_formulas() {
        close(&at(Schedule::Constant, 0, &[0, 99]), &[0.1, 0.1]);
        close(
            &at(Schedule::InverseSqrt { period: 512 }, 0, &[0, 511, 512, 1536]),
            &[0.1, 0.1, 0.1 / 2f64.sqrt(), 0.05],
        );
        close(&at(Schedule::Linear, 0, &[0, 50, 100]), &[0.1, 0.05, 0.0]);
        close(&at(Schedule::Cosine, 0, &[0, 50, 100]), &[0.1, 0.05, 0.0]);
        let step = || Schedule::Step { milestones: vec![2, 5], decay: 0.1 };
        close(&at(step(), 0, &[0, 19, 20, 49, 50]), &[0.1, 0.1, 0.01, 0.01, 0.001]);
        close(&at(Schedule::Constant, 4, &[0, 1, 3, 4]), &[0.025, 0.05, 0.1, 0.1]);
    }
}
