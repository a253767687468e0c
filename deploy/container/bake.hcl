# docker buildx bake -f deploy/container/bake.hcl
# REGISTRY=registry.example/ventanilla TAG=2026.11 docker buildx bake -f deploy/container/bake.hcl --push

variable "REGISTRY" { default = "ventanilla" }
variable "TAG" { default = "dev" }
# With these two as NAME@sha256:... the same commit gives the same image.
variable "RUST_IMAGE" { default = "docker.io/library/rust:1.92-slim-bookworm" }
variable "RUNTIME_IMAGE" { default = "gcr.io/distroless/cc-debian12:nonroot" }
variable "SOURCE_DATE_EPOCH" { default = "0" }

group "default" {
  targets = ["image"]
}

target "image" {
  name       = service
  matrix     = { service = ["customer-profile", "ticketing", "sla-monitor", "ombudsman-escalation", "webhooks", "gateway", "tools"] }
  context    = "."
  dockerfile = "deploy/container/Dockerfile"
  target     = service
  tags       = ["${REGISTRY}/${service}:${TAG}"]
  args = {
    RUST_IMAGE        = RUST_IMAGE
    RUNTIME_IMAGE     = RUNTIME_IMAGE
    SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH
  }
  attest = ["type=sbom", "type=provenance,mode=max"]
  output = ["type=image,rewrite-timestamp=true"]
}
