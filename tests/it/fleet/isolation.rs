//! What befalls one target befalls no other, and who is denied is asked less often.

use std::time::Duration;

use servicecatalog_exporter::sim::{Fault, Fleet, Operation, What, World};
use servicecatalog_exporter::snapshot::{Stage, StageResult};

use super::*;

/// Long enough that an attempt on a busy machine fits.
const INTERVAL: Duration = Duration::from_millis(200);
const SCAN: Operation = Operation::ScanProvisionedProducts;

async fn timed(fleet: &Fleet, world: World) -> Rig {
    Rig::timed(world, |config| {
        config.organization = Some(organization(fleet));
        config.scan.interval = INTERVAL;
    })
    .await
}

fn state<'p>(published: &'p Published, account: &str) -> Option<&'p TargetState> {
    let of = |target: &&Arc<TargetState>| {
        target.account.as_ref().is_some_and(|known| known.as_str() == account)
    };
    published.snapshot.targets.iter().find(of).map(|target| &**target)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_target_is_asked_ever_less_often_says_when_and_recovers_by_itself() {
    let fleet = Fleet { accounts: 2, ..Fleet::default() };
    let (denied, fine) = (Fleet::account(0), Fleet::account(1));
    let mut world = World::fleet(&fleet);
    world.inject(Fault::new(What::Denied).on(SCAN).of_account(&denied));
    let rig = timed(&fleet, world).await;
    let backed_off = published(&rig, |published| {
        let late = |t: &TargetState| t.next_attempt - t.last_attempt() > 0.7;
        state(published, &denied).is_some_and(|target| target.scans() > 0 && late(target))
    });
    let backed_off = backed_off.await;
    let target = state(&backed_off, &denied).unwrap();
    assert!(target.scans() >= 4, "200, 200, 400, 800 ms: {}", target.scans());
    assert!(state(&backed_off, &fine).unwrap().products().is_some());
    assert_eq!(target.skipped(), 0, "a pause is no skip");
    rig.simulator.clear_faults();
    // Its list is published before the attempt has ended, and with it the pause.
    let again = |published: &Published| {
        state(published, &denied)
            .is_some_and(|target| target.stage(Stage::Products).result == StageResult::Succeeded)
    };
    let recovered = published(&rig, again).await;
    let target = state(&recovered, &denied).unwrap();
    assert!(target.next_attempt - target.last_attempt() < 0.35, "the usual interval is back");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_hangs_delays_and_blanks_no_other() {
    let fleet = Fleet { accounts: 3, ..Fleet::default() };
    let hanging = Fleet::account(1);
    let mut world = World::fleet(&fleet);
    world.inject(Fault::new(What::Hang).on(SCAN).of_account(&hanging));
    let rig = timed(&fleet, world).await;
    let others = [Fleet::account(0), Fleet::account(2), Fleet::MANAGEMENT.to_owned()];
    let published = published(&rig, |published| {
        others
            .iter()
            .all(|account| state(published, account).is_some_and(|target| target.scans() > 5))
    });
    let published = published.await;
    assert_eq!(state(&published, &hanging).unwrap().scans(), 0);
    assert!(others.iter().all(|other| state(&published, other).unwrap().products().is_some()));
    rig.stop().await;
}
