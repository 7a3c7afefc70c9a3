//! What computes: the GPU through WGSL or the CPU through Flex, chosen by rule or by the user, with the reason in words.

use std::sync::Mutex;

use burn::tensor::Device;
use burn::tensor::wgpu::wgpu;

use crate::error::{Error, Result};
use crate::kernels;
use crate::session::{DeviceChoice, DeviceReport};

/// A GPU is registered with the tensor library once in a process; later requests get the same one.
static GPU: Mutex<Option<(Device, DeviceReport)>> = Mutex::new(None);

/// A device without autodiff, and what to say about it.
#[derive(Debug, Clone)]
pub struct Compute {
    pub device: Device,
    pub report: DeviceReport,
}

/// Find a device.
///
/// `Auto` takes a hardware GPU if there is one; software adapters (llvmpipe, SwiftShader) run the same kernels tens of
/// times slower than the CPU path, so they are used only when the GPU is asked for.
///
/// # Errors
/// [`Error::Device`] when the GPU was asked for and cannot be had.
pub async fn open(choice: DeviceChoice) -> Result<Compute> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu("The CPU was asked for.")),
        DeviceChoice::Gpu => gpu(true).await.map_err(|why| {
            Error::device("The GPU cannot be used", why, "Choose the CPU, or update the graphics driver or browser and try again")
        }),
        DeviceChoice::Auto => Ok(gpu(false).await.unwrap_or_else(|why| cpu(&why))),
    }
}

fn cpu(reason: &str) -> Compute {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if cfg!(target_arch = "wasm32") { 1 } else { threads };
    let report = DeviceReport {
        gpu: false,
        name: "CPU".into(),
        backend: "Flex".into(),
        software: false,
        reason: reason.into(),
        facts: vec![("Threads".into(), threads.to_string())],
        memory_bytes: None,
    };
    Compute { device: Device::flex(), report }
}

async fn gpu(software_too: bool) -> std::result::Result<Compute, String> {
    let known = GPU.lock().map_err(|e| e.to_string())?.clone();
    let (device, report) = match known {
        Some(known) => known,
        None => {
            let adapter = request_adapter().await?;
            check(&adapter, software_too)?;
            let new = register(&adapter).await?;
            *GPU.lock().map_err(|e| e.to_string())? = Some(new.clone());
            new
        }
    };
    if report.software && !software_too {
        return Err(prefer_cpu(&report.name));
    }
    Ok(Compute { device, report })
}

fn prefer_cpu(name: &str) -> String {
    format!("The only GPU here is a software one ({name}); the CPU path is tens of times faster than that.")
}

async fn request_adapter() -> std::result::Result<wgpu::Adapter, String> {
    let instance = wgpu::Instance::default();
    let options = wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
    instance.request_adapter(&options).await.map_err(|e| {
        if cfg!(target_arch = "wasm32") {
            format!("The browser offers no GPU: WebGPU is missing or has no adapter ({e}).")
        } else {
            format!("No GPU was found ({e}).")
        }
    })
}

fn is_software(info: &wgpu::AdapterInfo) -> bool {
    let name = format!("{} {}", info.name, info.driver).to_lowercase();
    info.device_type == wgpu::DeviceType::Cpu || ["llvmpipe", "swiftshader", "lavapipe", "basic render"].iter().any(|s| name.contains(s))
}

fn check(adapter: &wgpu::Adapter, software_too: bool) -> std::result::Result<(), String> {
    let info = adapter.get_info();
    if is_software(&info) && !software_too {
        return Err(prefer_cpu(&info.name));
    }
    // Without this feature the tensor library's start panics on wasm (it cannot read a system clock there).
    if cfg!(target_arch = "wasm32") && !adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
        return Err(format!("The GPU ({}) has no timestamp queries, which the engine needs in a browser.", info.name));
    }
    if !adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS) {
        return Err(format!("The GPU ({}) cannot run compute shaders.", info.name));
    }
    Ok(())
}

async fn register(adapter: &wgpu::Adapter) -> std::result::Result<(Device, DeviceReport), String> {
    let info = adapter.get_info();
    let limits = adapter.limits();
    let device = Device::wgpu_options().tasks_max(32).init_async().await.map_err(|e| format!("The GPU ({}) refused: {e}", info.name))?;
    let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
    let name = if info.name.is_empty() { format!("{:?} adapter", info.backend) } else { info.name.clone() };
    let software = is_software(&info);
    kernels::set_software(software);
    let reason = if software { "The GPU was asked for (a software one).".into() } else { format!("A GPU is here: {name}.") };
    let facts = vec![
        ("Driver".into(), format!("{} {}", info.driver, info.driver_info).trim().to_string()),
        ("Largest buffer".into(), mebibytes(limits.max_buffer_size)),
        ("Largest binding".into(), mebibytes(limits.max_storage_buffer_binding_size)),
        ("Workgroup memory".into(), format!("{} KiB", limits.max_compute_workgroup_storage_size >> 10)),
        ("Invocations of a workgroup".into(), limits.max_compute_invocations_per_workgroup.to_string()),
    ];
    let report = DeviceReport { gpu: true, name, backend: format!("{:?}", info.backend), software, reason, facts, memory_bytes: None };
    Ok((device, report))
}
