//! Which device a run takes, where a driver answers and CUDA cannot be used: the driver here is a stand-in of a few
//! lines that says it has one device.

use std::process::Command;

use super::program::{Place, TINY};

const DRIVER: &str =
    "int cuInit(unsigned flags) { return flags; }\nint cuDeviceGetCount(int *count) { *count = 1; return 0; }\n";

/// A folder with a library that answers as the driver does.
pub fn fake_driver(place: &Place) -> String {
    let source = place.write("driver/driver.c", DRIVER);
    let library = place.path("driver/libcuda.so.1");
    let built = Command::new("g++").args(["-x", "c", "-shared", "-fPIC"]).arg(source).arg("-o").arg(library).status();
    assert!(built.expect("g++ starts").success());
    place.path("driver").display().to_string()
}

#[test]
fn auto_is_an_error_where_a_driver_answers_and_cuda_cannot_be_loaded() {
    let place = Place::with(TINY);
    let folder = fake_driver(&place);
    let answer = place.freezewise_with(&[("LD_LIBRARY_PATH", &folder)], &["run", "spec.toml"]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("there is an NVIDIA driver, but CUDA cannot be used: "), "{}", answer.stderr);
    assert!(answer.stderr.contains("`--set device=cpu` computes on the CPU all the same"), "{}", answer.stderr);
    let cpu = ["run", "spec.toml", "--set", "device=cpu", "--quiet"];
    let answer = place.freezewise_with(&[("LD_LIBRARY_PATH", &folder)], &cpu);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
}

#[test]
fn a_broken_plugin_is_named() {
    let place = Place::with(TINY);
    let folder = fake_driver(&place);
    let plugin = place.write("broken.so", "no library").display().to_string();
    let variables = [("LD_LIBRARY_PATH", folder.as_str()), ("FREEZEWISE_CUDA_PLUGIN", plugin.as_str())];
    let answer = place.freezewise_with(&variables, &["run", "spec.toml", "--set", "device=cuda"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("broken.so` cannot be loaded"), "{}", answer.stderr);
    let doctor = place.freezewise_with(&variables, &["doctor"]);
    assert_eq!(doctor.code, 0, "{}", doctor.stderr);
    assert!(doctor.stdout.contains("answers") && doctor.stdout.contains("broken.so"), "{}", doctor.stdout);
}

#[test]
fn without_a_driver_auto_takes_the_cpu_and_says_so() {
    let place = Place::with(TINY);
    // An empty list of visible devices hides a GPU that the machine may have.
    let answer = place.freezewise_with(&[("CUDA_VISIBLE_DEVICES", "")], &["run", "spec.toml"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains("no NVIDIA driver answers: computing on the CPU"), "{}", answer.stderr);
}
