//! SVG: a sequence diagram. Time goes down; each task has a lane, each step a dot, each cause that is another task's step an
//! arrow, labelled with the lines of both ends. Below are the waits, the circle among them in red.

use std::fmt::Write;

use super::{Trace, escape, short};

const LANE: usize = 220;
const ROW: usize = 30;
const TOP: usize = 56;
const LEFT: usize = 48;

fn lane(task: usize) -> usize {
    LEFT + task * LANE
}

impl Trace {
    pub fn to_svg(&self) -> String {
        let width = lane(self.tasks.len()) + 40;
        let rows = self.steps.len() + self.waits.len() + usize::from(!self.waits.is_empty());
        let bottom = TOP + rows * ROW;
        let height = bottom + ROW;
        let cycle = self.cycle();
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n{STYLE}"
        );
        for (task, name) in self.tasks.iter().enumerate() {
            let (x, name) = (lane(task), escape(&short(name, 28)));
            let class = if cycle.contains(&task) { "name stuck" } else { "name" };
            writeln!(out, "<text class=\"{class}\" x=\"{x}\" y=\"28\">{name}</text>").expect(MEMORY);
            writeln!(out, "<path class=\"lane\" d=\"M{x} 38V{bottom}\"/>").expect(MEMORY);
        }
        // Arrows lie below all text.
        for at in 0..self.steps.len() {
            self.arrows(at, &mut out);
        }
        for at in 0..self.steps.len() {
            self.step(at, &mut out);
        }
        for at in 0..self.waits.len() {
            self.wait(at, &cycle, &mut out);
        }
        out.push_str("</svg>\n");
        out
    }

    fn arrows(&self, at: usize, out: &mut String) {
        let step = &self.steps[at];
        let (x, y) = (lane(step.task), TOP + at * ROW);
        out.push_str("<g class=\"arrows\">");
        for (cause, arrow) in &step.causes {
            let from = &self.steps[*cause];
            if from.task == step.task {
                continue;
            }
            let (from_x, from_y) = (lane(from.task), TOP + cause * ROW);
            let line = |place: &Option<super::Place>| place.as_ref().map(ToString::to_string);
            let ends: Vec<String> = [line(&from.place), line(&step.place)].into_iter().flatten().collect();
            let label = escape(&format!("{}: {}", arrow.name(), ends.join(" → ")));
            let end = if x > from_x { x - 6 } else { x + 6 };
            writeln!(
                out,
                "<path class=\"arrow {}\" d=\"M{from_x} {from_y}L{end} {y}\"><title>{label}</title></path>",
                arrow.name()
            )
            .expect(MEMORY);
        }
        out.push_str("</g>\n");
    }

    fn step(&self, at: usize, out: &mut String) {
        let step = &self.steps[at];
        let (x, y) = (lane(step.task), TOP + at * ROW);
        let place = step.place.as_ref().map(ToString::to_string).unwrap_or_default();
        let (text, place) = (escape(&short(&step.text, 24)), escape(&short(&place, 30)));
        writeln!(
            out,
            "<g class=\"step\"><circle cx=\"{x}\" cy=\"{y}\" r=\"4\"/><text class=\"number\" x=\"{}\" y=\"{}\">{}</text>\
             <text x=\"{}\" y=\"{}\">{text} <tspan class=\"place\">{place}</tspan></text></g>",
            LEFT - 14,
            y + 4,
            at + 1,
            x + 8,
            y - 5
        )
        .expect(MEMORY);
    }

    fn wait(&self, at: usize, cycle: &[usize], out: &mut String) {
        let wait = &self.waits[at];
        let (x, y) = (lane(wait.task), TOP + (self.steps.len() + 1 + at) * ROW);
        let in_cycle = cycle.contains(&wait.task);
        writeln!(out, "<g class=\"{}\">", if in_cycle { "wait stuck" } else { "wait" }).expect(MEMORY);
        for on in &wait.on {
            let class = if Trace::in_cycle(cycle, wait.task, *on) { "edge stuck" } else { "edge" };
            let (to_x, label) = (lane(*on), escape(&format!("waits for {}", self.tasks[*on])));
            let end = if to_x > x { to_x - 6 } else { to_x + 6 };
            writeln!(out, "<path class=\"{class}\" d=\"M{x} {y}L{end} {y}\"><title>{label}</title></path>")
                .expect(MEMORY);
        }
        let place = wait.place.as_ref().map(ToString::to_string).unwrap_or_default();
        let (text, place) = (escape(&short(&wait.text, 24)), escape(&short(&place, 30)));
        writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"10\" height=\"10\"/><text x=\"{}\" y=\"{}\">{text} \
             <tspan class=\"place\">{place}</tspan></text>\n</g>",
            x - 5,
            y - 5,
            x + 8,
            y - 7
        )
        .expect(MEMORY);
    }
}

/// Why writing to a string cannot fail.
const MEMORY: &str = "a string takes any text";

const STYLE: &str = "<style>
text { font: 12px sans-serif; fill: #222; stroke: #fff; stroke-width: 3; paint-order: stroke; }
.name { font-weight: bold; }
.number { fill: #999; text-anchor: end; font-size: 10px; }
.place { fill: #777; font-size: 10px; }
.lane { stroke: #bbb; }
circle { fill: #336; }
rect { fill: #999; }
path { fill: none; }
.arrow { stroke: #58a; stroke-width: 1.5; marker-end: url(#head); }
.edge { stroke: #999; stroke-dasharray: 5 3; marker-end: url(#head); }
.stuck rect { fill: #c22; }
text.stuck, .stuck text { fill: #c22; }
.edge.stuck { stroke: #c22; stroke-width: 2; marker-end: url(#stuck); }
</style>
<defs>
<marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" style=\"fill:#58a\"/></marker>
<marker id=\"stuck\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" style=\"fill:#c22\"/></marker>
</defs>
";
