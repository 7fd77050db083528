//! A hundred creatures meet two by two at a mall and change their colours.

use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::runtimes::{Runtime, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![("", "tokio", run::<TokioMt>), ("", "tokio, one thread", run::<TokioCt>)]
}

const CREATURES: usize = 100;

#[derive(Clone, Copy, PartialEq)]
enum Colour {
    Blue,
    Red,
    Yellow,
}

fn blend(a: Colour, b: Colour) -> Colour {
    use Colour::{Blue, Red, Yellow};
    match (a, b) {
        (Blue, Red) | (Red, Blue) => Yellow,
        (Blue, Yellow) | (Yellow, Blue) => Red,
        (Red, Yellow) | (Yellow, Red) => Blue,
        _ => a,
    }
}

enum ToMall {
    Enter(UnboundedSender<ToCreature>, Colour),
    Left(u64),
}

enum ToCreature {
    Meet(Colour),
    Leave,
}

async fn mall(mut left: u64, mut inbox: UnboundedReceiver<ToMall>) -> u64 {
    let (mut waiting, mut out, mut met) = (None, 0, 0);
    while let Some(message) = inbox.recv().await {
        match message {
            ToMall::Enter(guest, _) if left == 0 => guest.send(ToCreature::Leave).ok().expect("a guest"),
            ToMall::Enter(guest, colour) => match waiting.take() {
                None => waiting = Some((guest, colour)),
                Some((other, its_colour)) => {
                    left -= 1;
                    guest.send(ToCreature::Meet(its_colour)).ok().expect("a guest");
                    other.send(ToCreature::Meet(colour)).ok().expect("a guest");
                }
            },
            ToMall::Left(its) => {
                met += its;
                out += 1;
                if out == CREATURES {
                    break;
                }
            }
        }
    }
    met
}

async fn creature(mall: UnboundedSender<ToMall>, mut colour: Colour) {
    let (me, mut inbox) = unbounded_channel();
    let mut met = 0;
    mall.send(ToMall::Enter(me.clone(), colour)).ok().expect("a mall");
    while let Some(message) = inbox.recv().await {
        match message {
            ToCreature::Meet(other) => {
                met += 1;
                colour = blend(colour, other);
                mall.send(ToMall::Enter(me.clone(), colour)).ok().expect("a mall");
            }
            ToCreature::Leave => {
                mall.send(ToMall::Left(met)).ok().expect("a mall");
                break;
            }
        }
    }
}

fn run<R: Runtime>(meetings: u64) -> Outcome {
    R::run(async move {
        let start = Instant::now();
        let (handle, inbox) = unbounded_channel();
        let mall = R::spawn(mall(meetings, inbox));
        for i in 0..CREATURES {
            let colour = [Colour::Blue, Colour::Red, Colour::Yellow][i % 3];
            R::detach(R::spawn(creature(handle.clone(), colour)));
        }
        let met = R::join(mall).await;
        outcome(start, meetings, met)
    })
}
