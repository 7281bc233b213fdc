//! A plugin that is missing, broken, of another program or for another libtorch, with and without a working driver.

use crate::device::{self, WORKING, fake_driver};
use crate::program::{Place, TINY};

#[test]
fn an_unusable_plugin_says_why_and_what_to_do() {
    let place = Place::with(TINY);
    let driver = fake_driver(&place, WORKING);
    let other =
        device::library(&place, "other.so", "const char *freezewise_torch_version(void) { return \"2.10.0\"; }");
    let empty = device::library(&place, "empty.so", "int nothing;");
    let older =
        device::library(&place, "older.so", "const char *freezewise_torch_version(void) { return \"2.11.0\"; }");
    let broken = place.write("broken.so", "no library").display().to_string();
    let missing = place.path("missing.so").display().to_string();
    let absent = missing.clone();
    let cases = [
        (other, "other.so` was built for libtorch 2.10.0, but this program for 2.11.0", "rebuild both"),
        (empty, "empty.so` is not a plugin of this program", "rebuild it"),
        (older, "older.so` is not a plugin of this program", "rebuild it"),
        (broken, "broken.so` cannot be loaded", "use the CPU with `--set device=cpu`"),
        (missing, "missing.so` cannot be loaded", "use the CPU with `--set device=cpu`"),
    ];
    for (plugin, cause, hint) in cases {
        let plugin = ("FREEZEWISE_CUDA_PLUGIN", plugin.as_str());
        let asked = place.freezewise_with(&[plugin], &["run", "spec.toml", "--set", "device=cuda"]);
        assert_eq!(asked.code, 1);
        assert!(asked.stderr.contains("`device = \"cuda:0\"` cannot be used: "), "{}", asked.stderr);
        let auto = place.freezewise_with(&[plugin, ("LD_LIBRARY_PATH", &driver)], &["run", "spec.toml"]);
        assert_eq!(auto.code, 1);
        assert!(auto.stderr.contains("there is an NVIDIA driver, but CUDA cannot be used: "), "{}", auto.stderr);
        for answer in [asked, auto] {
            assert!(answer.stderr.contains(cause) && answer.stderr.contains(hint), "{}", answer.stderr);
            assert!(
                !place.path("runs/spec/spec.toml").exists() && !place.path("runs/sources").exists(),
                "a run was started"
            );
        }
    }
    // Without a working driver, a broken plugin is not an error.
    let variables = [("FREEZEWISE_CUDA_PLUGIN", absent.as_str()), ("CUDA_VISIBLE_DEVICES", "")];
    let cpu = place.freezewise_with(&variables, &["run", "spec.toml"]);
    assert_eq!(cpu.code, 0, "{}", cpu.stderr);
    assert!(cpu.stderr.contains(": using the CPU"), "{}", cpu.stderr);
}

/// The wheel works with any build of torch 2.11.0, which may be for another CUDA version.
#[test]
fn a_plugin_for_another_cuda_is_reported_before_data_is_read() {
    let Some(found) = freezewise::native::libtorch_cuda() else { return };
    let place = Place::with(TINY);
    let driver = fake_driver(&place, WORKING);
    let source = |cuda: i32| {
        format!(
            "const char *freezewise_torch_version(void) {{ return \"2.11.0\"; }}\n\
             int freezewise_cuda_version(void) {{ return {cuda}; }}"
        )
    };
    let run = |plugin: &str| {
        let variables = [("FREEZEWISE_CUDA_PLUGIN", plugin), ("LD_LIBRARY_PATH", driver.as_str())];
        place.freezewise_with(&variables, &["run", "spec.toml"])
    };
    let other = run(&device::library(&place, "other.so", &source(found.0 - 1000)));
    assert_eq!(other.code, 1);
    let told = format!(
        "other.so` was built for CUDA {}, but this libtorch for {found}",
        freezewise::native::CudaVersion(found.0 - 1000)
    );
    assert!(other.stderr.contains(&told), "{}", other.stderr);
    // A different minor version is accepted; this plugin then fails because it is incomplete.
    let same = run(&device::library(&place, "same.so", &source(found.0 + 10)));
    assert!(same.stderr.contains("same.so` is not a plugin of this program"), "{}", same.stderr);
}
