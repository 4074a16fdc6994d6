/**
 * Names that flags of Kubernetes 1.36.3 may have, and values that have to fit together: with others a program ends at once, in these words.
 * Controllers are those of `kube-controller-manager --help`, gates those of the packages `features` that the programs are made of.
 */

import { durationMs } from '../../../../src/core/go-duration.ts';
import type { Arguments } from './services.ts';

const CONTROLLERS: ReadonlySet<string> = new Set(
  `bootstrap-signer-controller certificatesigningrequest-approving-controller certificatesigningrequest-cleaner-controller
  certificatesigningrequest-signing-controller cloud-node-lifecycle-controller clusterrole-aggregation-controller cronjob-controller
  daemonset-controller deployment-controller device-taint-eviction-controller disruption-controller endpoints-controller
  endpointslice-controller endpointslice-mirroring-controller ephemeral-volume-controller garbage-collector-controller
  horizontal-pod-autoscaler-controller job-controller kube-apiserver-serving-clustertrustbundle-publisher-controller
  legacy-serviceaccount-token-cleaner-controller namespace-controller node-ipam-controller node-lifecycle-controller
  node-route-controller persistentvolume-attach-detach-controller persistentvolume-binder-controller
  persistentvolume-expander-controller persistentvolume-protection-controller persistentvolumeclaim-protection-controller
  pod-garbage-collector-controller podcertificaterequest-cleaner-controller podgroup-protection-controller replicaset-controller
  replicationcontroller-controller resourceclaim-controller resourcepoolstatusrequest-controller resourcequota-controller
  root-ca-certificate-publisher-controller selinux-warning-controller service-cidr-controller service-lb-controller
  serviceaccount-controller serviceaccount-token-controller statefulset-controller storage-version-migrator-controller
  storageversion-garbage-collector-controller taint-eviction-controller token-cleaner-controller ttl-after-finished-controller
  ttl-controller validatingadmissionpolicy-status-controller volumeattributesclass-protection-controller`.split(/\s+/),
);

/** Their names of before, which are still taken. */
const ALIASES: ReadonlySet<string> = new Set(
  `attachdetach bootstrapsigner cloud-node-lifecycle clusterrole-aggregation cronjob csrapproving csrcleaner csrsigning daemonset
  deployment disruption endpoint endpointslice endpointslicemirroring ephemeral-volume garbagecollector horizontalpodautoscaling job
  legacy-service-account-token-cleaner namespace nodeipam nodelifecycle persistentvolume-binder persistentvolume-expander podgc
  pv-protection pvc-protection replicaset replicationcontroller resource-claim-controller resourcequota root-ca-cert-publisher route
  service serviceaccount serviceaccount-token statefulset storage-version-gc svm tokencleaner ttl ttl-after-finished`.split(
    /\s+/,
  ),
);

const GATES: ReadonlySet<string> = new Set(
  `APIResponseCompression APIServerIdentity APIServerTracing APIServingWithRoutine AggregatedDiscoveryRemoveBetaType AllAlpha AllBeta
  AllowDNSOnlyNodeCSR AllowInsecureKubeletCertificateSigningRequests AllowOverwriteTerminationGracePeriodSeconds
  AllowParsingUserUIDFromCertAuth AllowServiceExternalIPs AllowUnsafeMalformedObjectDeletion AnonymousAuthConfigurableEndpoints
  AnyVolumeDataSource AtomicFIFO AuthorizeNodeWithSelectors AuthorizePodWebsocketUpgradeCreatePermission AuthorizeWithSelectors
  BtreeWatchCache CBORServingAndStorage CPUManagerPolicyAlphaOptions CPUManagerPolicyBetaOptions CPUManagerPolicyOptions
  CRDObservedGenerationTracking CRDValidationRatcheting CRIListStreaming CSIServiceAccountTokenSecrets CSIVolumeHealth
  ChangeContainerStatusOnKubeletRestart ClearingNominatedNodeNameAfterBinding ClientsAllowCARotation ClientsAllowCBOR
  ClientsAllowTLSCacheGC ClientsPreferCBOR CloudControllerManagerWatchBasedRoutesReconciliation CloudControllerManagerWebhook
  ClusterTrustBundle ClusterTrustBundleProjection ComponentFlagz ComponentStatusz ConcurrentWatchObjectDecode ConsistentListFromCache
  ConstrainedImpersonation ContainerCheckpoint ContainerRestartRules ContainerStopSignals ContextualLogging
  ControllerManagerReleaseLeaderElectionLockOnExit CoordinatedLeaderElection CrossNamespaceVolumeDataSource CustomCPUCFSQuotaPeriod
  CustomResourceFieldSelectors DRAAdminAccess DRAConsumableCapacity DRADeviceBindingConditions DRADeviceTaintRules DRADeviceTaints
  DRAExtendedResource DRAListTypeAttributes DRANodeAllocatableResources DRAPartitionableDevices DRAPrioritizedList
  DRAResourceClaimDeviceStatus DRAResourceClaimGranularStatusAuthorization DRAResourcePoolStatus DRASchedulerFilterTimeout
  DRAWorkloadResourceClaims DeclarativeValidation DeclarativeValidationBeta DeclarativeValidationTakeover
  DeploymentReplicaSetTerminatingReplicas DetectCacheInconsistency DisableAllocatorDualWrite DisableCPUQuotaWithExclusiveCPUs
  DisableNodeKubeProxyVersion DynamicResourceAllocation EnvFiles EventedPLEG ExecProbeTimeout ExtendWebSocketsToKubelet
  ExternalServiceAccountTokenSigner GangScheduling GenericWorkload GitRepoVolumeDriver GracefulNodeShutdown
  GracefulNodeShutdownBasedOnPodPriority HPAConfigurableTolerance HPAScaleToZero HostnameOverride ImageMaximumGCAge ImageVolume
  ImageVolumeWithDigest InOrderInformers InOrderInformersBatchProcess InPlacePodLevelResourcesVerticalScaling InPlacePodVerticalScaling
  InPlacePodVerticalScalingExclusiveCPUs InPlacePodVerticalScalingExclusiveMemory InPlacePodVerticalScalingInitContainers
  InformerResourceVersion JobBackoffLimitPerIndex JobManagedBy JobPodReplacementPolicy JobSuccessPolicy KMSv1 KubeletCgroupDriverFromCRI
  KubeletCrashLoopBackOffMax KubeletEnsureSecretPulledImages KubeletFineGrainedAuthz KubeletInUserNamespace KubeletPSI
  KubeletPodResourcesDynamicResources KubeletPodResourcesGet KubeletPodResourcesListUseActivePods KubeletRegistrationGetOnExistsOnly
  KubeletSeparateDiskGC KubeletServiceAccountTokenForCredentialProviders KubeletTracing ListFromCacheSnapshot
  LocalStorageCapacityIsolationFSQuotaMonitoring LogarithmicScaleDown LoggingAlphaOptions LoggingBetaOptions LoggingStableOptions
  ManifestBasedAdmissionControlConfig MatchLabelKeysInPodAffinity MatchLabelKeysInPodTopologySpread
  MatchLabelKeysInPodTopologySpreadSelectorMerge MaxUnavailableStatefulSet MemoryQoS MultiCIDRServiceAllocator
  MutableCSINodeAllocatableCount MutablePVNodeAffinity MutablePodResourcesForSuspendedJobs MutableSchedulingDirectivesForSuspendedJobs
  MutatingAdmissionPolicy NFTablesProxyMode NativeHistograms NodeDeclaredFeatures NodeInclusionPolicyInPodTopologySpread NodeLogQuery
  NodeSwap NominatedNodeNameForExpectation OpenAPIEnums OpportunisticBatching OrderedNamespaceDeletion PLEGOnDemandRelist
  PersistentVolumeClaimUnusedSinceTime PodAndContainerStatsFromCRI PodCertificateRequest PodDeletionCost PodLevelResourceManagers
  PodLevelResources PodLifecycleSleepAction PodLifecycleSleepActionAllowZero PodLogsQuerySplitStreams PodObservedGenerationTracking
  PodReadyToStartContainersCondition PodSchedulingReadiness PodTopologyLabelsAdmission PodsAPI PortForwardWebsockets
  PreferSameTrafficDistribution PreventStaticPodAPIReferences ProcMountType QOSReserved RecoverVolumeExpansionFailure
  RecursiveReadOnlyMounts ReduceDefaultCrashLoopBackOffDecay RelaxedDNSSearchValidation RelaxedEnvironmentVariableValidation
  RelaxedServiceNameValidation ReloadKubeletServerCertificateFile RemoteRequestHeaderUID ResilientWatchCacheInitialization
  ResourceHealthStatus ResourceHealthStatusMessage RestartAllContainersOnContainerExits RetryGenerateName RotateKubeletServerCertificate
  RuntimeClassInImageCriApi SELinuxChangePolicy SELinuxMount SELinuxMountReadWriteOncePod SchedulerAsyncAPICalls
  SchedulerAsyncPreemption SchedulerPopFromBackoffQ SchedulerQueueingHints SeparateCacheWatchRPC SeparateTaintEvictionController
  ServiceAccountNodeAudienceRestriction ServiceAccountTokenJTI ServiceAccountTokenNodeBinding ServiceAccountTokenNodeBindingValidation
  ServiceAccountTokenPodNodeInfo ServiceCIDRStatusFieldWiping ShardedListAndWatch SidecarContainers SizeBasedListCostEstimate
  StaleControllerConsistencyDaemonSet StaleControllerConsistencyJob StaleControllerConsistencyReplicaSet
  StaleControllerConsistencyStatefulSet StatefulSetSemanticRevisionComparison StorageCapacityScoring StorageNamespaceIndex
  StorageVersionAPI StorageVersionHash StorageVersionMigrator StreamingCollectionEncodingToJSON StreamingCollectionEncodingToProtobuf
  StrictIPCIDRValidation StructuredAuthenticationConfiguration StructuredAuthenticationConfigurationEgressSelector
  StructuredAuthenticationConfigurationJWKSMetrics SupplementalGroupsPolicy TaintTolerationComparisonOperators
  TokenRequestServiceAccountUIDValidation TopologyAwareWorkloadScheduling TopologyManagerPolicyAlphaOptions
  TopologyManagerPolicyBetaOptions TopologyManagerPolicyOptions TranslateStreamCloseWebsocketRequests UnauthenticatedHTTP2DOSMitigation
  UnknownVersionInteroperabilityProxy UnlockWhileProcessingFIFO UserNamespacesHostNetworkSupport UserNamespacesSupport
  VolumeAttributesClass VolumeLimitScaling WatchCacheInitializationPostStartHook WatchList WatchListClient WinDSR WinOverlay
  WindowsCPUAndMemoryAffinity WindowsGracefulNodeShutdown WindowsHostNetwork WorkloadAwarePreemption WorkloadWithJob`.split(
    /\s+/,
  ),
);

/** Throws the words with which the service ends. */
export function requireKnownNames(service: string, values: Arguments): void {
  if (service !== 'etcd' && service !== 'containerd')
    for (const item of itemsOf(values['--feature-gates'])) {
      const name = item.split('=')[0]?.replace(/^kube:/, '') ?? '';
      if (!GATES.has(name)) throw new Error(`unrecognized feature gate: ${name}`);
    }
  if (service !== 'kube-controller-manager') return;
  for (const item of itemsOf(values['--controllers'])) {
    const name = item.replace(/^-/, '');
    if (name !== '*' && !CONTROLLERS.has(name) && !ALIASES.has(name))
      throw new Error(`"${name}" is not in the list of known controllers`);
  }
}

const ELECTS = ['kube-controller-manager', 'kube-scheduler'];

/** `NewLeaderElector` of client-go: the scheduler says so, the controller manager panics. */
export function requireLeaderElection(service: string, values: Arguments): void {
  if (!ELECTS.includes(service) || values['--leader-elect'] === 'false') return;
  const ms = (flag: string, usual: string) => durationMs(values[flag] ?? usual) ?? 0;
  const lease = ms('--leader-elect-lease-duration', '15s');
  const renew = ms('--leader-elect-renew-deadline', '10s');
  const retry = ms('--leader-elect-retry-period', '2s');
  const problem =
    lease <= renew
      ? 'leaseDuration must be greater than renewDeadline'
      : renew <= 1.2 * retry
        ? 'renewDeadline must be greater than retryPeriod*JitterFactor'
        : undefined;
  if (problem === undefined) return;
  throw new Error(service === 'kube-scheduler' ? `couldn't create leader elector: ${problem}` : `panic: ${problem}`);
}

function itemsOf(list: string | undefined): readonly string[] {
  return (list ?? '').split(',').filter((item) => item !== '');
}
