//! Lowering and drop elaboration, tried on random bodies: whatever way a body takes, with panics
//! at any call, each value it owns is dropped or handed on exactly once.

#[path = "lower/generate.rs"]
mod generate;
#[path = "lower/machine.rs"]
mod machine;
#[path = "lower/patterns.rs"]
mod patterns;

use generate::Generator;
use machine::Machine;

#[test]
fn values_end_exactly_once() {
    let program = generate::program();
    let count: u64 = std::env::var("MIR_LOWER_CASES").map_or(1500, |n| n.parse().expect("number"));
    let mut refused = 0;
    for seed in 1..=count {
        let thir = Generator::body(&program, seed);
        let bodies = mir::lower::lower(&program, &thir);
        let before = mir::print::print(&program, &bodies[0]);
        if let Err(e) = mir::verify::verify(&bodies[0]) {
            panic!("seed {seed}: {e}\n{before}");
        }
        if !mir::check::check(&program, &bodies).is_empty() {
            refused += 1;
            continue;
        }
        let mut body = bodies.into_iter().next().expect("a body");
        mir::elaborate::elaborate(&program, &mut body);
        let elaborated = body.clone();
        mir::simplify::simplify(&mut body);
        mir::verify::verify(&body).expect("simplified");
        for run in 0..12 {
            let panic_rate = if run % 3 == 0 { 0 } else { 9 };
            for (body, stage) in [(&elaborated, "elaborated"), (&body, "simplified")] {
                let start = seed.wrapping_mul(31).wrapping_add(run * 7919 + 1);
                let mut machine = Machine::new(&program, body, start, panic_rate);
                if let Err(e) = machine.run(2) {
                    let text = mir::print::print(&program, body);
                    panic!("seed {seed}, {stage}: {e}\nlowered:\n{before}\n{stage}:\n{text}");
                }
            }
        }
    }
    assert!(refused * 4 < count, "{refused} of {count} were refused");
}

#[test]
fn matches_choose_the_first_arm_that_fits() {
    let program = patterns::program();
    let count: u64 = std::env::var("MIR_LOWER_CASES").map_or(2000, |n| n.parse().expect("number"));
    for seed in 1..=count {
        let mut generator = patterns::Generator::new(seed);
        let thir = generator.body();
        let bodies = mir::lower::lower(&program, &thir);
        let mut body = bodies.into_iter().next().expect("a body");
        mir::elaborate::elaborate(&program, &mut body);
        mir::simplify::simplify(&mut body);
        mir::verify::verify(&body).expect("simplified");
        for _ in 0..20 {
            let value = generator.scrutinee();
            let expected = patterns::reference(&thir, &value);
            let mut machine = Machine::new(&program, &body, 1, 0);
            let found = machine.run_with(vec![value.clone()]);
            if found != Ok(Some(machine::Value::Int(expected))) {
                let text = mir::print::print(&program, &body);
                let arms = patterns::show(&thir);
                panic!("seed {seed}: {value:?}: {expected}, not {found:?}\n{arms}\n{text}");
            }
        }
    }
}
