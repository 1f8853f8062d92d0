//! `kills --program FILE [--times N] [--seed N] [--stores file,kernel,keychain] [--grace SECONDS]`:
//! see the module. Exit 1 where anything was lost.

#[path = "../kills.rs"]
mod kills;

use std::process::ExitCode;

fn main() -> ExitCode {
    let plan = match plan(std::env::args().skip(1)) {
        Ok(plan) => plan,
        Err(wrong) => {
            eprintln!(
                "{wrong}\nkills --program FILE [--times N] [--seed N] [--stores A,B] [--grace SECONDS]"
            );
            return ExitCode::from(2);
        }
    };
    println!("{} kills, seed {}, grace {} s", plan.times, plan.seed, plan.grace);
    let figures = kills::run(&plan);
    figures.iter().for_each(|figures| print!("{figures}"));
    if figures.iter().all(kills::Figures::are_good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn plan(mut args: impl Iterator<Item = String>) -> Result<kills::Plan, String> {
    let mut plan = kills::Plan {
        program: "target/release/cognito-creds".into(),
        times: 500,
        seed: u64::from(std::process::id()),
        grace: 60,
        stores: vec!["file".into(), "kernel".into()],
    };
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse::<u32>().map_err(|_| format!("{value} is no number"));
        match name.as_str() {
            "--program" => plan.program = value.into(),
            "--times" => plan.times = usize::try_from(number()?).unwrap_or(usize::MAX),
            "--seed" => plan.seed = number()?.into(),
            "--grace" => plan.grace = number()?.into(),
            "--stores" => plan.stores = value.split(',').map(str::to_owned).collect(),
            other => return Err(format!("no such option: {other}")),
        }
    }
    Ok(plan)
}
