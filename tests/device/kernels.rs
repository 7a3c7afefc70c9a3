//! The choice between this program's kernels and the stock ones.

use masquerade_engine::kernels::launches;
use masquerade_engine::session::{Command, DeviceChoice, Event, Kernels};

use crate::counted::calls;
use crate::{Driven, alone, micro};

fn losses(events: &[Event]) -> Vec<f32> {
    events
        .iter()
        .filter_map(|e| if let Event::Progress(p) = e { Some(p.losses.iter().map(|l| l.total)) } else { None })
        .flatten()
        .collect()
}

fn kernels(events: &[Event]) -> Vec<Kernels> {
    events.iter().filter_map(|e| if let Event::Device(device) = e { Some(device.kernels) } else { None }).collect()
}

/// Six steps, the middle two by the other kernels if asked for.
fn trained(engine: &mut Driven, changing: bool) -> Vec<f32> {
    engine.send(Command::Show(Box::new(micro())));
    engine.send(Command::Reset);
    [false, true, false]
        .map(|other| {
            let wanted = if other && changing { Kernels::Stock } else { Kernels::Fused };
            assert_eq!(kernels(&engine.send(Command::UseKernels(wanted))), [wanted]);
            losses(&engine.send(Command::Step(2)))
        })
        .concat()
}

#[test]
fn training_goes_on_the_same_when_the_kernels_change() {
    let _alone = alone();
    for choice in [DeviceChoice::Cpu, DeviceChoice::Gpu] {
        let Some(mut engine) = Driven::on(choice) else { continue };
        let (straight, changed) = (trained(&mut engine, false), trained(&mut engine, true));
        assert_eq!(straight.len(), 6);
        for (a, b) in straight.iter().zip(&changed) {
            assert!((a - b).abs() < 1e-4 * a, "{straight:?} {changed:?}");
        }
        engine.send(Command::Close);
    }
}

#[test]
fn stock_kernels_need_far_more_launches() {
    let _alone = alone();
    let Some(mut engine) = Driven::on(DeviceChoice::Gpu) else { return };
    engine.send(Command::Show(Box::new(micro())));
    let own = || launches().values().sum::<u64>();
    let [fused, stock] = [Kernels::Fused, Kernels::Stock].map(|wanted| {
        engine.send(Command::UseKernels(wanted));
        engine.send(Command::Step(1));
        let before = (calls(), own());
        engine.send(Command::Step(1));
        ((calls() - before.0).dispatches, own() - before.1)
    });
    engine.send(Command::UseKernels(Kernels::Fused));
    engine.send(Command::Close);
    assert!(fused.0 > 20 && stock.0 > 2 * fused.0, "{stock:?} and {fused:?}");
    assert!(fused.1 > 20 && stock.1 == 0, "stock kernels are none of this program's: {stock:?} and {fused:?}");
}
