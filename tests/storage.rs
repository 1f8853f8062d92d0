//! What is promised about folders, files and locks: ours alone, never torn, never in the way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cognito_creds::lock::{Holder, Lock, Patience, Waited};
use cognito_creds::platform::{Unusable, make_private_dir, remove_private, state_dir, write_private};
use cognito_creds::store::{EntryName, Files, Store};
use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn name() -> EntryName {
    EntryName::new("login", ["a"])
}

fn loaded(store: &Files) -> Option<Vec<u8>> {
    store.load(&name()).unwrap().map(|value| value.to_vec())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn is_held(path: &Path) -> bool {
    Lock::is_held(path, Duration::ZERO).unwrap()
}

const LATE: Duration = Duration::from_mins(5);
const IMPATIENCE: Duration = Duration::from_secs(2);

fn until(later: Duration) -> Patience {
    Patience { until: Instant::now() + later, overtake: None, longest: Duration::MAX }
}

fn impatient() -> Patience {
    Patience { overtake: Some(IMPATIENCE), ..until(LATE) }
}

fn wait_on(_: Option<&Holder>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn a_file_is_kept_replaced_and_deleted_and_nothing_stays_behind() {
    let world = tempfile::tempdir().unwrap();
    let folder = world.path().join("a/b");
    let store = Files::new(&folder);
    assert_eq!(loaded(&store), None);
    store.delete(&name()).unwrap();
    for value in ["first", "second and longer", ""] {
        store.save(&name(), value.as_bytes(), None).unwrap();
        assert_eq!(loaded(&store), Some(value.into()));
        assert_eq!(entries(&folder), [folder.join(name().as_str())]);
    }
    store.delete(&name()).unwrap();
    assert_eq!(loaded(&store), None);
    assert!(entries(&folder).is_empty());
}

#[test]
fn what_a_killed_writer_left_is_removed_with_the_entry() {
    let world = tempfile::tempdir().unwrap();
    let store = Files::new(world.path());
    store.save(&name(), b"value", None).unwrap();
    fs::write(
        world.path().join(format!(".{}.0123456789abcdef.tmp", name().as_str())),
        "half a refresh token",
    )
    .unwrap();
    store.delete(&name()).unwrap();
    assert!(entries(world.path()).is_empty());
}

/// Killed while it writes, over and over: the file holds one of the values, whole.
#[test]
fn a_writer_killed_at_any_moment_leaves_a_whole_file() {
    let world = tempfile::tempdir().unwrap();
    let path = world.path().join("file");
    write_private(&path, &vec![b'0'; 50_000]).unwrap();
    for round in 0..40 {
        let mut writer = Part::start("write-for-ever", &path);
        std::thread::sleep(Duration::from_micros(700 * round % 9_000));
        writer.kill();
        let value = fs::read(&path).unwrap();
        assert_eq!(value.len(), 50_000);
        assert!(value.iter().all(|byte| *byte == value[0]), "a mixture");
    }
    remove_private(&path).unwrap();
    assert!(entries(world.path()).is_empty(), "no secret lies about");
}

#[test]
fn a_lock_excludes_other_processes_and_ends_with_its_holder() {
    let world = tempfile::tempdir().unwrap();
    let path = world.path().join("login.lock");
    assert!(!is_held(&path));
    assert!(!path.exists(), "looking creates nothing");

    let mut holder = Part::start("hold", &path);
    assert!(is_held(&path));
    assert!(Lock::try_acquire(&path, Duration::MAX).unwrap().is_none());

    holder.kill();
    assert!(!is_held(&path));
    let lock = Lock::try_acquire(&path, Duration::MAX).unwrap().unwrap();
    assert!(is_held(&path));
    drop(lock);
    assert!(!is_held(&path));
    assert!(path.exists(), "the file stays");
}

#[test]
fn waiting_for_a_lock_ends_with_the_lock_the_result_or_the_deadline() {
    let world = tempfile::tempdir().unwrap();
    let path = world.path().join("login.lock");
    let held = Lock::try_acquire(&path, Duration::MAX).unwrap();

    let soon = until(Duration::from_millis(60));
    assert!(matches!(Lock::acquire_until(&path, soon, wait_on).unwrap(), Waited::TimedOut));

    let mut looks = 0;
    let found = Lock::acquire_until(&path, until(LATE), |_| {
        looks += 1;
        if looks == 3 { ControlFlow::Break("credentials") } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(found.unwrap(), Waited::Stopped("credentials")));

    let mut held = held;
    let freed = Lock::acquire_until(&path, until(LATE), |holder| {
        held = None;
        wait_on(holder)
    });
    assert!(matches!(freed.unwrap(), Waited::Acquired(_)));
}

#[test]
#[cfg_attr(windows, ignore = "an open file is not replaced on Windows: src/lock.rs")]
fn a_stuck_holder_is_overtaken_by_one_and_waited_for_by_nobody_again() {
    let world = tempfile::tempdir().unwrap();
    let path = world.path().join("login.lock");
    let counter = path.with_extension("counter");
    fs::write(&counter, "0").unwrap();
    let mut stuck = Part::start("hold", &path);
    let mut others: Vec<_> = (0..20).map(|_| Part::start("overtake-and-count", &path)).collect();
    let waited = Lock::acquire_until(&path, impatient(), wait_on).unwrap();
    // One of all these has overtaken it, and the others took turns after that one.
    let overtook = match &waited {
        Waited::Overtook(_, holder) => {
            assert_eq!(holder.as_ref().unwrap().process.id, stuck.0.id());
            1
        }
        Waited::Acquired(_) => 0,
        other => panic!("{other:?}"),
    };
    drop(waited);
    for other in &mut others {
        assert!(other.0.wait().unwrap().success());
    }
    let names = entries(world.path()).into_iter().map(|path| path.display().to_string());
    assert_eq!(names.filter(|name| name.contains("overtaken")).count() + overtook, 1);
    assert_eq!(fs::read_to_string(&counter).unwrap(), "20");

    let lock =
        Lock::try_acquire(&path, Duration::MAX).unwrap().expect("nobody waits for the old holder again");
    stuck.kill();
    assert!(is_held(&path), "and its end takes nothing from the new one");
    drop(lock);
}

/// One who works is slow for the waiter, but never the same holder for long.
#[test]
fn holders_that_take_turns_are_not_overtaken() {
    let world = tempfile::tempdir().unwrap();
    let path = world.path().join("login.lock");
    let mut held = Lock::try_acquire(&path, Duration::MAX).unwrap();
    let began = Instant::now();
    let waited = Lock::acquire_until(&path, impatient(), |holder: Option<&Holder>| {
        assert_eq!(holder.map(|holder| holder.process.id), Some(std::process::id()));
        held = None;
        held = (began.elapsed() < 2 * IMPATIENCE)
            .then(|| Lock::try_acquire(&path, Duration::MAX).unwrap().unwrap());
        wait_on(holder)
    });
    assert!(matches!(waited.unwrap(), Waited::Acquired(_)));
}

#[test]
fn looking_at_a_free_lock_does_not_keep_anybody_from_taking_it() {
    let world = tempfile::tempdir().unwrap();
    let path = world.path().join("login.lock");
    drop(Lock::try_acquire(&path, Duration::MAX).unwrap());
    let mut onlookers = [(); 2].map(|()| Part::start("look-for-ever", &path));
    for _ in 0..2_000 {
        assert!(Lock::try_acquire(&path, Duration::MAX).unwrap().is_some());
    }
    onlookers.iter_mut().for_each(Part::kill);
}

#[test]
fn processes_at_one_lock_take_turns() {
    let world = tempfile::tempdir().unwrap();
    let path = world.path().join("counter");
    fs::write(&path, "0").unwrap();
    let mut counters: Vec<Part> = (0..4).map(|_| Part::start("count", &path)).collect();
    for counter in &mut counters {
        assert!(counter.0.wait().unwrap().success());
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "100");
}

#[test]
fn a_folder_in_the_way_of_ours_is_not_used() {
    let world = tempfile::tempdir().unwrap();
    let path = world.path().join("cognito-creds");
    fs::write(&path, "").unwrap();
    assert!(matches!(make_private_dir(&path), Err(Unusable::NotAFolder)));
}

/// What the tests above run in processes of their own.
#[test]
#[ignore = "run by the other tests, with PART set"]
fn part_of_another_test() {
    let path = PathBuf::from(std::env::var_os("FILE").unwrap());
    let ready = || println!("\nready");
    match std::env::var("PART").unwrap().as_str() {
        "write-for-ever" => {
            ready();
            for byte in (b'a'..=b'z').cycle() {
                write_private(&path, &vec![byte; 50_000]).unwrap();
            }
        }
        "hold" => {
            let _lock = Lock::try_acquire(&path, Duration::MAX).unwrap().unwrap();
            ready();
            std::thread::sleep(Duration::from_mins(5));
        }
        "look-for-ever" => {
            ready();
            loop {
                is_held(&path);
                std::thread::sleep(Duration::from_micros(500));
            }
        }
        "count" => {
            ready();
            for _ in 0..25 {
                let lock = path.with_extension("lock");
                let turn = Lock::acquire_until(&lock, until(LATE), wait_on).unwrap();
                assert!(matches!(turn, Waited::Acquired(_)));
                count(&path);
            }
        }
        "overtake-and-count" => {
            ready();
            let turn = Lock::acquire_until(&path, impatient(), wait_on).unwrap();
            if matches!(turn, Waited::Overtook(..)) {
                fs::write(path.with_extension(format!("overtaken.{}", std::process::id())), "").unwrap();
            }
            count(&path.with_extension("counter"));
        }
        "state-dir" => match state_dir() {
            Ok(path) => println!("\nfolder {}", path.display()),
            Err(error) => println!("\nerror {error}"),
        },
        other => panic!("no such part: {other}"),
    }
}

fn count(path: &Path) {
    let count: u32 = fs::read_to_string(path).unwrap().parse().unwrap();
    fs::write(path, (count + 1).to_string()).unwrap();
}

/// A process that runs [`part_of_another_test`]; killed when the test ends.
struct Part(Child);

impl Part {
    fn command(what: &str, path: &Path) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "part_of_another_test", "--ignored", "--nocapture"]);
        command.env("PART", what).env("FILE", path);
        command
    }

    /// Returns once the process says that it is ready.
    fn start(what: &str, path: &Path) -> Self {
        let mut child = Self::command(what, path).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "ready"), "{what} did not start");
        Self(child)
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(unix)]
#[path = "storage/unix.rs"]
mod unix;
