//! The soak: an exporter for minutes or hours between an AWS in which everything goes wrong and
//! clients that scrape all the time. Nothing that is served may ever be wrong, and nothing may
//! grow.
//!
//! - `world` changes from round to round, `deck` deals what goes wrong, `driver` plays the rounds.
//! - `truth` remembers every version of what was true, and `judge` compares each scrape with it.
//! - `exporter` is the real program, for its memory and descriptors; and the same code within this
//!   process, where its clock can be moved, so that data expires, and its tasks be counted.
//!
//! Some rounds have faults, others are at rest: then what is served is what is, and what the
//! exporter holds is what it held. In between an account leaves the organisation and comes back.
//!
//! When the world makes a step, all page tokens end. So no list goes on over a step, and each is
//! one version as a whole: that which was true at a time between the begin of its attempt and the
//! scrape. A list that mixes two versions, or is a part of one, equals none.

mod deck;
mod driver;
mod exporter;
mod growth;
mod judge;
mod liars;
mod scrapers;
mod truth;
mod world;

/// How many minutes each soak takes; a fraction will do.
const MINUTES: &str = "SERVICECATALOG_EXPORTER_SOAK_MINUTES";
/// What decides everything that is left to chance.
const SEED: &str = "SERVICECATALOG_EXPORTER_SOAK_SEED";

/// The soaks themselves: left out unless they are asked for, since they take their time.
mod run {
    use std::time::Duration;

    use fastrand::Rng;
    use servicecatalog_exporter::sim::Simulator;

    use super::driver::Soak;
    use super::exporter::Exporter;
    use super::world::{fleet, world};
    use super::{MINUTES, SEED};

    fn set<T: std::str::FromStr>(variable: &str) -> Option<T> {
        let value = std::env::var(variable).ok().filter(|value| !value.is_empty())?;
        Some(value.parse().unwrap_or_else(|_| panic!("{variable}={value} is no number")))
    }

    fn length() -> Duration {
        Duration::from_secs_f64(60.0 * set(MINUTES).unwrap_or(1.0))
    }

    fn seed() -> u64 {
        let seed = set(SEED).unwrap_or_else(|| fastrand::u64(..1_000_000));
        println!("soak: {SEED}={seed}");
        seed
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a minute: make soak"]
    async fn the_program_serves_nothing_wrong_and_does_not_grow_whatever_goes_wrong() {
        let seed = seed();
        let mut rng = Rng::with_seed(seed);
        let simulator = Simulator::start(world(&mut rng)).await.unwrap();
        let exporter = Exporter::program(&simulator, &fleet()).await;
        Soak::new(seed, rng, simulator, exporter).run(length()).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a minute: make soak"]
    async fn what_expires_is_dropped_in_time_and_no_task_is_left_behind() {
        let seed = seed();
        let mut rng = Rng::with_seed(seed);
        let simulator = Simulator::start(world(&mut rng)).await.unwrap();
        let exporter = Exporter::within(&simulator, &fleet());
        Soak::new(seed, rng, simulator, exporter).run(length()).await;
    }
}
