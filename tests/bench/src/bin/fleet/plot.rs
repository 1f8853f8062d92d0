//! The picture of the days: six small plots of requests per second over time, with the quotas.

use crate::clock::{HOUR, MINUTE, Ms, SECOND};
use crate::scenario::{Days, Scenario};
use crate::service::Api;
use crate::simulation::Outcome;
use std::fmt::Write;
use std::ops::Range;

/// One plot's axes, in pixels.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 190.0;
/// From one plot to the next.
const PITCH: (f64, f64) = (490.0, 320.0);
const ORIGIN: (f64, f64) = (62.0, 76.0);

struct Panel<'a> {
    title: &'static str,
    x: Range<Ms>,
    tick: Ms,
    /// Linear from 0, or by powers of ten from 1.
    y: Scale,
    /// A point is the mean of so many seconds.
    step: usize,
    series: Vec<(&'static str, &'a Outcome, Api)>,
    quotas: Vec<Api>,
}

#[derive(Clone, Copy)]
enum Scale {
    Linear { most: f64, tick: f64 },
    Powers { most: f64 },
}

pub fn render(days: &Days<(Scenario, Outcome)>) -> String {
    let panels = panels(days);
    let (columns, rows) = (2, panels.len().div_ceil(2));
    let (width, height) = (PITCH.0 * f64::from(columns) + 10.0, PITCH.1 * rows as f64 + 10.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"Requests per second of 50,000 people against the quotas of Amazon Cognito\">\n\
         <style>{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n"
    );
    for (i, panel) in panels.iter().enumerate() {
        let (x, y) = (ORIGIN.0 + PITCH.0 * (i % 2) as f64, ORIGIN.1 + PITCH.1 * (i / 2) as f64);
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">{}</g>", panel.render());
    }
    svg + "</svg>\n"
}

const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:14px}.paper{fill:#fff}\
.grid{stroke:#8884;stroke-width:1}.axis{stroke:#888;stroke-width:1}.quota{stroke:#d6336c;stroke-dasharray:6 4}\
text.quota{fill:#d6336c;stroke:none}path{fill:none;stroke-width:1.6;stroke-linejoin:round}\
.s0{stroke:#1f77d0}.s1{stroke:#e07b00}.s2{stroke:#2f9e44}text.s0,text.s1,text.s2{stroke:none}\
text.s0{fill:#1f77d0}text.s1{fill:#c96f00}text.s2{fill:#2f9e44}\
@media(prefers-color-scheme:dark){text{fill:#ccc}.paper{fill:#0d1117}text.s0{fill:#4c9bea}.s0{stroke:#4c9bea}\
text.s1{fill:#f0943a}.s1{stroke:#f0943a}text.s2{fill:#51cf66}.s2{stroke:#51cf66}\
text.quota{fill:#f06595}.quota{stroke:#f06595}}";

fn panels(days: &Days<(Scenario, Outcome)>) -> Vec<Panel<'_>> {
    let day = 8 * HOUR..18 * HOUR;
    let nine = 9 * HOUR;
    vec![
        Panel {
            title: "An ordinary day",
            x: day.clone(),
            tick: 2 * HOUR,
            y: Scale::Linear { most: 220.0, tick: 50.0 },
            step: 60,
            series: vec![
                ("GetCredentials", &days.ordinary.1, Api::GetCredentials),
                ("refresh", &days.ordinary.1, Api::Refresh),
            ],
            quotas: vec![Api::GetCredentials, Api::Refresh],
        },
        Panel {
            title: "GetId on an ordinary day",
            x: day,
            tick: 2 * HOUR,
            y: Scale::Linear { most: 60.0, tick: 20.0 },
            step: 60,
            series: vec![
                ("IdentityId kept (as it is)", &days.ordinary.1, Api::GetId),
                ("IdentityId not kept", &days.forgetful.1, Api::GetId),
            ],
            quotas: vec![Api::GetId],
        },
        Panel {
            title: "First sign-in of everybody, through SAML",
            x: 8 * HOUR..10 * HOUR,
            tick: 30 * MINUTE,
            y: Scale::Powers { most: 1e3 },
            step: 30,
            series: vec![
                ("people arrive 08:00 to 09:30", &days.first_sign_in.1, Api::Federation),
                ("all told to at 09:00", &days.rollout.1, Api::Federation),
            ],
            quotas: vec![Api::Federation],
        },
        Panel {
            title: "A timer at 09:00 on every machine: refresh",
            x: nine - MINUTE..nine + 19 * MINUTE,
            tick: 5 * MINUTE,
            y: Scale::Powers { most: 1e5 },
            step: 5,
            series: vec![
                ("as it is, and 429 asks for 5 s", &days.timer_with_wish.1, Api::Refresh),
                ("no jitter", &days.timer_no_manners.1, Api::Refresh),
                ("timers spread over 15 min", &days.timer_staggered.1, Api::Refresh),
            ],
            quotas: vec![Api::Refresh],
        },
        Panel {
            title: "What follows that timer: GetCredentials",
            x: nine - 10 * MINUTE..13 * HOUR,
            tick: HOUR,
            y: Scale::Linear { most: 220.0, tick: 50.0 },
            step: 60,
            series: vec![
                ("renewals spread (as it is)", &days.timer_with_wish.1, Api::GetCredentials),
                ("no spread, no jitter", &days.timer_no_manners.1, Api::GetCredentials),
            ],
            quotas: vec![Api::GetCredentials],
        },
        Panel {
            title: "After an outage, 11:00 to 11:10: GetCredentials",
            x: 10 * HOUR + 50 * MINUTE..12 * HOUR + 10 * MINUTE,
            tick: 20 * MINUTE,
            y: Scale::Linear { most: 220.0, tick: 50.0 },
            step: 10,
            series: vec![
                ("as it is", &days.outage.1, Api::GetCredentials),
                ("no jitter, no spread", &days.outage_no_manners.1, Api::GetCredentials),
            ],
            quotas: vec![Api::GetCredentials],
        },
    ]
}

impl Panel<'_> {
    fn render(&self) -> String {
        let mut g = format!(
            "<text class=\"title\" y=\"-54\">{}</text>\n<text y=\"-14\" x=\"-42\">requests/s</text>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">time of day</text>\n",
            self.title,
            WIDTH / 2.0,
            HEIGHT + 36.0
        );
        for (value, label) in self.y.ticks() {
            let y = self.y.place(value);
            let _ = writeln!(
                g,
                "<path class=\"grid\" d=\"M0 {y:.1}H{WIDTH}\"/><text x=\"-8\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                y + 4.0
            );
        }
        let first = self.x.start.next_multiple_of(self.tick);
        for at in (first..=self.x.end).step_by(self.tick as usize) {
            let x = self.place(at);
            let _ = writeln!(
                g,
                "<path class=\"axis\" d=\"M{x:.1} {HEIGHT}v4\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{:02}:{:02}</text>",
                HEIGHT + 18.0,
                at / HOUR,
                at % HOUR / MINUTE
            );
        }
        let _ = writeln!(g, "<path class=\"axis\" d=\"M0 0V{HEIGHT}H{WIDTH}\"/>");
        for api in &self.quotas {
            let y = self.y.place(f64::from(api.quota()));
            let _ = writeln!(
                g,
                "<path class=\"quota\" d=\"M0 {y:.1}H{WIDTH}\"/><text class=\"quota\" x=\"{WIDTH}\" y=\"{:.1}\" text-anchor=\"end\">quota of {}: {}</text>",
                y - 4.0,
                api.name(),
                api.quota()
            );
        }
        for (i, (label, outcome, api)) in self.series.iter().enumerate() {
            let (y, line) = (-36.0 + 14.0 * i as f64, self.line(&outcome.service.load(*api).asked));
            let _ = writeln!(
                g,
                "<path class=\"s{i}\" d=\"{line}\"/><text class=\"s{i}\" x=\"{WIDTH}\" y=\"{y}\" text-anchor=\"end\">{label}</text>"
            );
        }
        g
    }

    fn line(&self, asked: &[u32]) -> String {
        let seconds = (self.x.start / SECOND) as usize..(self.x.end / SECOND) as usize;
        let mut path = String::new();
        for (i, chunk) in asked[seconds.clone()].chunks(self.step).enumerate() {
            let mean = chunk.iter().sum::<u32>() as f64 / chunk.len() as f64;
            let middle = (seconds.start + i * self.step) as Ms * SECOND + self.step as Ms * SECOND / 2;
            let pen = if i == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{pen}{:.1} {:.1}", self.place(middle), self.y.place(mean));
        }
        path
    }

    fn place(&self, at: Ms) -> f64 {
        (at - self.x.start) as f64 / (self.x.end - self.x.start) as f64 * WIDTH
    }
}

impl Scale {
    fn place(self, value: f64) -> f64 {
        let share = match self {
            Self::Linear { most, .. } => value / most,
            Self::Powers { most } => value.max(1.0).log10() / most.log10(),
        };
        HEIGHT * (1.0 - share.min(1.0))
    }

    fn ticks(self) -> Vec<(f64, String)> {
        match self {
            Self::Linear { most, tick } => {
                (0..=(most / tick) as u32).map(|i| f64::from(i) * tick).map(|v| (v, v.to_string())).collect()
            }
            Self::Powers { most } => {
                let label = |v: u32| if v < 1000 { v.to_string() } else { format!("{},000", v / 1000) };
                (0..=most.log10() as u32).map(|p| 10_u32.pow(p)).map(|v| (v.into(), label(v))).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_go_from_the_bottom_to_the_top_and_not_beyond() {
        for (scale, least, most) in
            [(Scale::Linear { most: 50.0, tick: 10.0 }, 0.0, 50.0), (Scale::Powers { most: 1e3 }, 1.0, 1e3)]
        {
            assert_eq!([least, most, most * 2.0].map(|v| scale.place(v)), [HEIGHT, 0.0, 0.0]);
        }
    }
}
