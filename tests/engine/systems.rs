//! Over all built systems, all their phases, and fine-tuning where it is offered: the loss falls, the same seed gives the
//! same numbers, a resumed run goes on bit for bit, every weight is trained, weights survive a file.

use masquerade_engine::batch::Batch;
use masquerade_engine::card::KnobValue;
use masquerade_engine::checkpoint::{self, resume, safetensors};
use masquerade_engine::method::{Entry, StepContext};
use masquerade_engine::readback;
use masquerade_engine::registry;
use masquerade_engine::run::Run;
use masquerade_engine::session::{LossPoint, Session, Task};
use masquerade_tests::block_on;

use crate::built::{lengths, run, seeded};

/// A system and what of it is trained; both tasks where fine-tuning is offered.
fn tasks() -> Vec<(Entry, Task)> {
    let mut tasks = Vec::new();
    for entry in registry::BUILT {
        tasks.push((entry, Task::Pretrain));
        if run(&entry, &[]).turned_to(Task::FineTune).is_ok() {
            tasks.push((entry, Task::FineTune));
        }
    }
    assert!(tasks.iter().any(|(_, task)| *task == Task::FineTune));
    tasks
}

fn begun(entry: &Entry, task: Task, knobs: &[(String, KnobValue)], seed: u64) -> Run {
    match seeded(entry, knobs, seed).turned_to(task) {
        Ok(run) => run,
        Err((_, error)) => panic!("{error}"),
    }
}

/// Train up to a step and read the losses.
fn train(run: &mut Run, until: u64) -> Vec<LossPoint> {
    while run.step < until {
        block_on(run.train_step()).expect("a step");
    }
    block_on(run.losses()).expect("losses")
}

/// The mean loss of these batches of the phase, each with a randomness of its own that is the same whenever it is asked.
fn judged(run: &Run, batches: &[Batch], context: &StepContext) -> f32 {
    let one = |(number, batch): (usize, &Batch)| {
        let context = StepContext { rng: context.rng.at(number as u64), ..context.clone() };
        let loss = run.loss(&run.weights, batch, &context).expect("a loss");
        block_on(readback::scalar(loss.total)).expect("a number")
    };
    batches.iter().enumerate().map(one).sum::<f32>() / batches.len() as f32
}

fn name(entry: &Entry, task: Task) -> String {
    format!("{} {}", (entry.card)().id, task.name())
}

/// Where phases begin, the end of the run last.
fn bounds(run: &Run) -> Vec<u64> {
    let mut end = 0;
    std::iter::once(0)
        .chain(run.phases().iter().map(|phase| {
            end += phase.steps;
            end
        }))
        .collect()
}

#[test]
fn the_loss_of_every_phase_falls() {
    for (entry, task) in tasks() {
        let mut knobs = lengths(&entry, 60);
        let card = (entry.card)();
        // Cosines with few others fall too little to be seen.
        if card.knob("period").is_some() {
            knobs.push(("batch".into(), KnobValue::Number(32.0)));
        }
        if task == Task::FineTune {
            knobs.push(("tune_lr".into(), KnobValue::Number(1e-2)));
        }
        let mut run = begun(&entry, task, &knobs, 7);
        for span in bounds(&run).windows(2) {
            train(&mut run, span[0]);
            block_on(run.enter()).expect("the start of a phase");
            let batches: Vec<Batch> = (0..8).map(|step| run.loader.train_batch(step).expect("a batch")).collect();
            let context = run.context();
            let first = judged(&run, &batches, &context);
            train(&mut run, span[1] - 1);
            let last = judged(&run, &batches, &context);
            assert!(last < first, "{} from step {}: {first} to {last}", name(&entry, task), span[0]);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_numbers_in_every_phase() {
    for (entry, task) in tasks() {
        let knobs = lengths(&entry, 3);
        let curve = |seed| {
            let mut run = begun(&entry, task, &knobs, seed);
            let total = run.total_steps();
            train(&mut run, total)
        };
        let first = curve(7);
        assert!(!first.is_empty() && first == curve(7), "{}", name(&entry, task));
        assert_ne!(first, curve(8), "{}", name(&entry, task));
    }
}

#[test]
fn a_run_resumed_anywhere_goes_on_bit_for_bit() {
    for (entry, task) in tasks() {
        let knobs = lengths(&entry, 4);
        let fresh = || begun(&entry, task, &knobs, 7);
        let (mut whole, total) = (fresh(), fresh().total_steps());
        let losses = train(&mut whole, total);
        for start in bounds(&whole).into_iter().filter(|start| *start < total) {
            for step in [start, start + 2].into_iter().filter(|step| *step > 0) {
                let mut interrupted = fresh();
                train(&mut interrupted, step);
                let session = Session { task, step, ..Session::default() };
                let file = block_on(interrupted.checkpoint(&session)).expect("a checkpoint");
                let file = resume::read(&file).expect("a checkpoint");
                assert_eq!(file.pretrained.is_some(), task == Task::FineTune);
                // What it is resumed into began from other weights.
                let mut other = seeded(&entry, &knobs, 7);
                let names: Vec<String> = other.weights.list.iter().map(|w| w.name.clone()).collect();
                for (name, values) in names.iter().zip(values(&other)) {
                    other.weights.set(name, values.iter().map(|v| v + 0.25).collect()).expect("set");
                }
                let mut resumed = other.restore(&file).expect("a run");
                assert_eq!(resumed.task(), task);
                let rest = train(&mut resumed, total);
                assert_eq!(&losses[step as usize..], rest.as_slice(), "{} from step {step}", name(&entry, task));
                assert_eq!(values(&resumed), values(&whole), "{} from step {step}", name(&entry, task));
            }
        }
    }
}

fn values(run: &Run) -> Vec<Vec<f32>> {
    block_on(readback::many(run.weights.list.iter().map(|w| w.value.clone()).collect())).expect("values")
}

#[test]
fn a_gradient_reaches_every_weight_that_is_fine_tuned() {
    for (entry, task) in tasks().into_iter().filter(|(_, task)| *task == Task::FineTune) {
        let mut run = begun(&entry, task, &lengths(&entry, 3), 7);
        // Heads start near zero, and what is behind a zero gets no gradient.
        train(&mut run, 2);
        let batch = run.loader.train_batch(0).expect("a batch");
        let loss = run.loss(&run.weights, &batch, &run.context()).expect("a loss");
        for (weight, gradient) in run.weights.list.iter().zip(run.weights.backward(&loss.total)) {
            let Some(gradient) = gradient else { continue };
            let values = block_on(readback::floats(gradient)).expect("values");
            assert!(values.iter().any(|v| *v != 0.0), "no gradient reaches {} of {}", weight.name, name(&entry, task));
        }
    }
}

#[test]
fn weights_of_every_system_survive_a_file() {
    for (entry, task) in tasks() {
        let knobs = lengths(&entry, 2);
        let mut run = begun(&entry, task, &knobs, 7);
        train(&mut run, 2);
        let session = Session { method: (entry.card)().id, task, step: 2, ..Session::default() };
        let metadata = checkpoint::describe(&session, "").expect("metadata");
        assert_eq!(metadata["task"], task.name());
        let file = block_on(safetensors::save(&run.weights, &metadata)).expect("a file");
        let mut other = begun(&entry, task, &knobs, 8);
        assert_ne!(values(&run), values(&other), "{}", name(&entry, task));
        other.take(&checkpoint::open(&file).expect("weights"), "the file").expect("taken");
        assert_eq!(values(&run), values(&other), "{}", name(&entry, task));
    }
}
