//! Which device a run uses, depending on the NVIDIA driver, which is replaced by a fake of a few lines.

use std::process::Command;

use super::program::{Answer, Place, TINY};

/// What the fake driver reports.
#[derive(Clone, Copy)]
pub struct Driver {
    /// The newest CUDA version that it supports, such as 13000.
    pub cuda: u32,
    /// Return value of `cuInit`.
    pub initialised: u32,
    pub devices: u32,
    /// Compute capability of each device, such as 90.
    pub capability: u32,
}

/// A driver that is new enough, with one H100.
pub const WORKING: Driver = Driver { cuda: 13000, initialised: 0, devices: 1, capability: 90 };

/// A folder with a library that behaves like this driver.
pub fn fake_driver(place: &Place, driver: Driver) -> String {
    let Driver { cuda, initialised, devices, capability } = driver;
    let (major, minor) = (capability / 10, capability % 10);
    let code = format!(
        r#"
        int cuDriverGetVersion(int *version) {{ *version = {cuda}; return 0; }}
        int cuInit(unsigned flags) {{ return flags ? 1 : {initialised}; }}
        int cuDeviceGetCount(int *count) {{ *count = {devices}; return 0; }}
        int cuDeviceGet(int *device, int index) {{ *device = index + 40; return 0; }}
        int cuDeviceGetName(char *name, int length, int device) {{
            const char *text = "a fake GPU";
            for (int at = 0; at < length; at++) if (!(name[at] = text[at])) return 0;
            return device;
        }}
        int cuDeviceGetAttribute(int *value, int which, int device) {{
            *value = which == 75 ? {major} : {minor};
            return device < 40;
        }}
        "#
    );
    library(place, "driver/libcuda.so.1", &code);
    place.path("driver").display().to_string()
}

/// Compiles a library from C.
pub fn library(place: &Place, name: &str, code: &str) -> String {
    let source = place.write(&format!("{name}.c"), code);
    let library = place.path(name);
    let built = Command::new("g++").args(["-x", "c", "-shared", "-fPIC"]).arg(source).arg("-o").arg(&library).status();
    assert!(built.expect("g++ starts").success());
    library.display().to_string()
}

/// The first line of an error, and its hints.
fn error_parts(answer: &Answer) -> (&str, Vec<&str>) {
    let mut lines = answer.stderr.lines().skip_while(|line| !line.starts_with("error: "));
    (lines.next().unwrap_or_default(), lines.map(str::trim).collect())
}

const OTHER_BUILD: &str = "scripts/setup --libtorch DIR";
const ON_THE_CPU: &str = "use the CPU with `--set device=cpu`";

/// Unusable drivers, each with a part of the error message and of the hint.
fn unusable() -> [(Driver, &'static str, &'static str); 6] {
    let too_old = "the NVIDIA driver supports CUDA 12.2 at most, but this libtorch is built for CUDA 13.0";
    let old_gpu =
        "GPU 0, a fake GPU, is too old: it has compute capability 7.0, but this libtorch is built for 7.5, 8.0, ";
    let unknown_gpu = "GPU 0, a fake GPU, is unsupported: it has compute capability 11.0";
    let mismatch =
        "the driver's `cuInit` failed with error 803 (the kernel module and the library have different versions)";
    [
        (Driver { cuda: 12020, ..WORKING }, too_old, "update the NVIDIA driver to 580 or newer"),
        (Driver { cuda: 12020, ..WORKING }, too_old, OTHER_BUILD),
        (Driver { capability: 70, ..WORKING }, old_gpu, OTHER_BUILD),
        (Driver { capability: 110, ..WORKING }, unknown_gpu, "device=cuda:N"),
        (Driver { initialised: 803, ..WORKING }, mismatch, "needs a reboot"),
        (
            Driver { initialised: 999, ..WORKING },
            "the driver's `cuInit` failed with error 999",
            "`nvidia-smi` must list the GPU",
        ),
    ]
}

#[test]
fn unusable_drivers_are_reported_with_advice() {
    for (driver, wrong, advice) in unusable() {
        let place = Place::with(TINY);
        let folder = fake_driver(&place, driver);
        let variables = [("LD_LIBRARY_PATH", folder.as_str())];
        let auto = place.freezewise_with(&variables, &["run", "spec.toml"]);
        let asked = place.freezewise_with(&variables, &["run", "spec.toml", "--set", "device=cuda"]);
        let starts = ["there is an NVIDIA driver, but CUDA cannot be used: ", "`device = \"cuda:0\"` cannot be used: "];
        for (answer, start) in [auto, asked].iter().zip(starts) {
            assert_eq!(answer.code, 1, "{}", answer.stderr);
            let (message, hints) = error_parts(answer);
            assert!(message.starts_with(&format!("error: {start}{wrong}")), "{}", answer.stderr);
            assert!(hints.iter().any(|hint| hint.contains(advice)), "{advice}: {}", answer.stderr);
            assert_eq!(hints.last(), Some(&ON_THE_CPU), "{}", answer.stderr);
        }
        assert!(!place.path("runs/spec/spec.toml").exists(), "nothing was begun");
        let doctor = place.freezewise_with(&variables, &["doctor"]);
        assert_eq!(doctor.code, 0, "{}", doctor.stderr);
        for part in [&format!("problem: {wrong}"), advice, ON_THE_CPU] {
            assert!(doctor.stdout.contains(part), "{part}: {}", doctor.stdout);
        }
    }
}

#[test]
fn the_cpu_can_be_requested_with_any_driver() {
    let place = Place::with(TINY);
    let folder = fake_driver(&place, Driver { cuda: 12020, ..WORKING });
    let cpu = ["run", "spec.toml", "--set", "device=cpu", "--quiet"];
    let answer = place.freezewise_with(&[("LD_LIBRARY_PATH", &folder)], &cpu);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
}

/// Without a GPU, CUDA fails for another reason, and the error quotes libtorch.
#[test]
fn a_driver_of_the_minimum_version_is_not_blamed() {
    for driver in [WORKING, Driver { cuda: 13020, capability: 75, ..WORKING }] {
        let place = Place::with(TINY);
        let folder = fake_driver(&place, driver);
        let answer = place.freezewise_with(&[("LD_LIBRARY_PATH", &folder)], &["run", "spec.toml"]);
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        let message = error_parts(&answer).0;
        assert!(message.contains("there is an NVIDIA driver, but CUDA cannot be used: "), "{}", answer.stderr);
        assert!(!message.contains("is built for") && !message.contains("cuInit"), "{}", answer.stderr);
        let doctor = place.freezewise_with(&[("LD_LIBRARY_PATH", &folder)], &["doctor"]).stdout;
        assert!(doctor.contains(", shows a fake GPU (capability "), "{doctor}");
    }
}

#[test]
fn a_driver_without_gpus_falls_back_to_the_cpu_and_says_so() {
    // `cuInit` returns 100, "no device", if CUDA_VISIBLE_DEVICES hides all devices.
    for driver in [Driver { devices: 0, ..WORKING }, Driver { initialised: 100, cuda: 12020, ..WORKING }] {
        let place = Place::with(TINY);
        let folder = fake_driver(&place, driver);
        let variables = [("LD_LIBRARY_PATH", folder.as_str())];
        let answer = place.freezewise_with(&variables, &["run", "spec.toml"]);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        assert!(answer.stderr.contains("the NVIDIA driver shows no GPU: using the CPU"), "{}", answer.stderr);
        let doctor = place.freezewise_with(&variables, &["doctor"]).stdout;
        assert!(doctor.contains("shows no GPU") && doctor.contains("no problems found"), "{doctor}");
    }
    let place = Place::with(TINY);
    let folder = fake_driver(&place, Driver { devices: 0, ..WORKING });
    let asked = ["run", "spec.toml", "--set", "device=cuda"];
    let answer = place.freezewise_with(&[("LD_LIBRARY_PATH", &folder)], &asked);
    assert_eq!(answer.code, 1);
    assert!(error_parts(&answer).0.ends_with("cannot be used: the NVIDIA driver shows no GPU"), "{}", answer.stderr);
}

#[test]
fn a_library_that_is_not_a_driver_is_named() {
    let place = Place::with(TINY);
    library(&place, "driver/libcuda.so.1", "int cuInit(unsigned flags) { return flags; }");
    let folder = place.path("driver").display().to_string();
    let answer = place.freezewise_with(&[("LD_LIBRARY_PATH", &folder)], &["run", "spec.toml"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("`libcuda.so.1` lacks functions of the NVIDIA driver"), "{}", answer.stderr);
}

#[test]
fn a_broken_plugin_is_named() {
    let place = Place::with(TINY);
    let folder = fake_driver(&place, WORKING);
    let plugin = place.write("broken.so", "no library").display().to_string();
    let variables = [("LD_LIBRARY_PATH", folder.as_str()), ("FREEZEWISE_CUDA_PLUGIN", plugin.as_str())];
    let answer = place.freezewise_with(&variables, &["run", "spec.toml", "--set", "device=cuda"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("broken.so` cannot be loaded"), "{}", answer.stderr);
    let doctor = place.freezewise_with(&variables, &["doctor"]);
    assert_eq!(doctor.code, 0, "{}", doctor.stderr);
    assert!(
        doctor.stdout.contains("for CUDA 13.0") && doctor.stdout.contains("broken.so` cannot"),
        "{}",
        doctor.stdout
    );
}

#[test]
fn without_a_gpu_auto_selects_the_cpu_and_says_so() {
    let place = Place::with(TINY);
    // An empty list of visible devices hides any GPU of this machine.
    let answer = place.freezewise_with(&[("CUDA_VISIBLE_DEVICES", "")], &["run", "spec.toml"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains(": using the CPU"), "{}", answer.stderr);
}
