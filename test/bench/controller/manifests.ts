// Manifests as people write them: an Ingress, a Service and an EndpointSlice for each host.

/** @param salt changes the addresses and nothing else. */
export function objectsText(first: number, count: number, salt = 0): string {
  const indexes = Array.from({ length: count }, (_, index) => first + index);
  return indexes.map((index) => (index === 0 ? ingressClass : '') + host(index, salt)).join('---\n');
}

const ingressClass = `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: nginx
spec:
  controller: k8s.io/ingress-nginx
---
`;

function host(index: number, salt: number): string {
  const name = `shop-${index}`;
  const address = `10.${salt % 256}.${(index >> 8) % 256}.${index % 256}`;
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  labels:
    app.kubernetes.io/name: ${name}
    app.kubernetes.io/managed-by: Helm
  annotations:
    nginx.ingress.kubernetes.io/proxy-body-size: 8m
    nginx.ingress.kubernetes.io/ssl-redirect: "false"
spec:
  ingressClassName: nginx
  rules:
    - host: ${name}.bench.example
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: ${name}
                port:
                  number: 80
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
    - name: http
      port: 80
      targetPort: 8080
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}-a1b2c
  labels:
    kubernetes.io/service-name: ${name}
addressType: IPv4
ports:
  - name: http
    port: 8080
    protocol: TCP
endpoints:
  - addresses: ["${address}"]
    conditions:
      ready: true
`;
}
